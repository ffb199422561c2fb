//go:build bench

package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/sfupeer"
)

const (
	viewers      = 50
	mediaPeriod  = 10 * time.Second
	packetsEvery = 10 * time.Millisecond // one frame of framePackets
	framePackets = 3
	packetSize   = 1100
	joinLimit    = 2 * time.Minute
)

// TestBenchMedia: packets forwarded per second of the server's CPU time, one
// publisher to fifty viewers on loopback; Fjord, and then a forwarder of a few
// lines on Pion's TrackLocalStaticRTP with its default interceptors.
func TestBenchMedia(t *testing.T) {
	ours := benchFjord(t)
	pion := benchPion(t)
	row(fmt.Sprintf("forwarding, 1 to %d: packets per CPU second", viewers), fmt.Sprintf("%.0f", ours), "")
	row("the same by Pion's TrackLocalStaticRTP", fmt.Sprintf("%.0f", pion), fmt.Sprintf("Fjord: %.1f times as many", ours/pion))
}

func source() *sfupeer.Source {
	return &sfupeer.Source{ID: "bench:v", Kind: "video", Codec: "VP8", Interval: packetsEvery, Packets: framePackets, Size: packetSize}
}

func onlyIPv4(s *webrtc.SettingEngine) {
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
}

func benchFjord(t *testing.T) float64 {
	f := testkit.StartFjord(t, testkit.FjordOptions{Env: map[string]string{"FJ_LOG_LEVEL": "warning"}}).WaitUp(t)
	room := f.MustPostRoom(t, "").ID
	join := func() *sfupeer.Socket {
		status, body, err := f.Do(http.MethodPost, "/room/"+room+"/peer", `{"type":"webrtc","options":{"enableSimulcast":false}}`)
		if err != nil || status != http.StatusCreated {
			t.Fatalf("add peer: %d %s %v", status, body, err)
		}
		var added struct{ Data struct{ Token string } }
		if err := json.Unmarshal([]byte(body), &added); err != nil {
			t.Fatal(err)
		}
		s, err := sfupeer.Enter(f.API, added.Data.Token, sfupeer.Options{Setting: onlyIPv4}, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Leave)
		return s
	}
	if err := join().Publish(source()); err != nil {
		t.Fatal(err)
	}
	clients := make([]*sfupeer.Socket, viewers)
	for i := range clients {
		clients[i] = join()
	}
	count := func() (total, flowing int) {
		for _, c := range clients {
			if n := c.Received("bench:v").Packets; n > 0 {
				total, flowing = total+n, flowing+1
			}
		}
		return total, flowing
	}
	perCPU := perCPUSecond(t, f.Pid, count)
	for _, c := range clients {
		c.Leave()
	}
	return perCPU
}

// perCPUSecond waits until all viewers get packets and returns how many come per
// second of a process's CPU time.
func perCPUSecond(t *testing.T, pid int, count func() (total, flowing int)) float64 {
	t.Helper()
	testkit.Within(t, joinLimit, "all viewers get packets", func() bool { _, flowing := count(); return flowing == viewers })
	packets, _ := count()
	cpu, began := cpuTime(t, pid), time.Now()
	time.Sleep(mediaPeriod)
	after, _ := count()
	used := cpuTime(t, pid) - cpu
	t.Logf("%d packets in %v, %v of CPU time", after-packets, time.Since(began).Round(time.Millisecond), used)
	if used <= 0 {
		t.Fatal("no CPU time was used")
	}
	return float64(after-packets) / used.Seconds()
}

// cpuTime is what a process has used, of both kinds (proc_pid_stat(5), fields
// 14 and 15, in hundredths of a second).
func cpuTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	fields := strings.Fields(rest)
	var ticks int
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(f)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// pionServer is set in the process that forwards with plain Pion: its address.
const pionServer = "FJORD_BENCH_PION"

func benchPion(t *testing.T) float64 {
	addr := fmt.Sprintf("127.0.0.1:%d", testkit.FreePorts(t, 1)[0])
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command(self, "-test.run=^TestPionServer$")
	server.Env = append(os.Environ(), pionServer+"="+addr)
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	testkit.Within(t, 10*time.Second, "Pion's server listens", func() bool { return testkit.PortOpen(nil, addr) })
	publisher := &sfupeer.Plain{URL: "http://" + addr + "/publish", Source: source()}
	if err := publisher.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(publisher.Close)
	clients := make([]*sfupeer.Plain, viewers)
	for i := range clients {
		clients[i] = &sfupeer.Plain{URL: "http://" + addr + "/view"}
		if err := clients[i].Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(clients[i].Close)
	}
	return perCPUSecond(t, server.Process.Pid, func() (total, flowing int) {
		for _, c := range clients {
			if n := c.Packets(); n > 0 {
				total, flowing = total+n, flowing+1
			}
		}
		return total, flowing
	})
}

// TestPionServer is the other process; by itself it does nothing.
func TestPionServer(t *testing.T) {
	addr := os.Getenv(pionServer)
	if addr == "" {
		return
	}
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}, "v", "s")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/publish", func(w http.ResponseWriter, r *http.Request) {
		answerOffer(w, r, func(pc *webrtc.PeerConnection) error {
			pc.OnTrack(func(in *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
				for {
					p, _, err := in.ReadRTP()
					if err != nil || track.WriteRTP(p) != nil {
						return
					}
				}
			})
			return nil
		})
	})
	mux.HandleFunc("/view", func(w http.ResponseWriter, r *http.Request) {
		answerOffer(w, r, func(pc *webrtc.PeerConnection) error {
			sender, err := pc.AddTrack(track)
			if err == nil {
				go drain(sender)
			}
			return err
		})
	})
	t.Fatal(http.ListenAndServe(addr, mux)) // until it is killed
}

func drain(sender *webrtc.RTPSender) {
	b := make([]byte, 1500)
	for {
		if _, _, err := sender.Read(b); err != nil {
			return
		}
	}
}

func answerOffer(w http.ResponseWriter, r *http.Request, prepare func(*webrtc.PeerConnection) error) {
	answer, err := func() (*webrtc.SessionDescription, error) {
		var offer webrtc.SessionDescription
		if err := json.NewDecoder(r.Body).Decode(&offer); err != nil {
			return nil, err
		}
		api, err := sfupeer.PlainAPI()
		if err != nil {
			return nil, err
		}
		pc, err := api.NewPeerConnection(webrtc.Configuration{})
		if err != nil {
			return nil, err
		}
		if err := prepare(pc); err != nil {
			return nil, err
		}
		if err := pc.SetRemoteDescription(offer); err != nil {
			return nil, err
		}
		made, err := pc.CreateAnswer(nil)
		if err != nil {
			return nil, err
		}
		gathered := webrtc.GatheringCompletePromise(pc)
		if err := pc.SetLocalDescription(made); err != nil {
			return nil, err
		}
		<-gathered
		return pc.LocalDescription(), nil
	}()
	var b bytes.Buffer
	if err == nil {
		err = json.NewEncoder(&b).Encode(answer)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(b.Bytes())
}
