// What a peer of this page sends: the camera, or a picture and a tone of its own.

export async function source(kind, label) {
  if (kind === "camera") {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 360 } });
    return { stream, stop: () => stream.getTracks().forEach((t) => t.stop()) };
  }
  return synthetic(label);
}

function synthetic(label) {
  const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 180 });
  const g = canvas.getContext("2d");
  const hue = Math.floor(Math.random() * 360);
  let frame = 0;
  const timer = setInterval(() => {
    frame++;
    g.fillStyle = `hsl(${hue} 60% 35%)`;
    g.fillRect(0, 0, 320, 180);
    g.fillStyle = "#fff";
    g.font = "18px system-ui";
    g.fillText(label, 12, 28);
    g.fillText(new Date().toLocaleTimeString(), 12, 54);
    g.beginPath();
    g.arc(160 + 120 * Math.cos(frame / 15), 115 + 40 * Math.sin(frame / 15), 16, 0, 7);
    g.fill();
  }, 66);
  const audio = new AudioContext();
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  const out = audio.createMediaStreamDestination();
  tone.frequency.value = 200 + hue;
  volume.gain.value = 0.05;
  tone.connect(volume).connect(out);
  tone.start();
  const stream = new MediaStream([...canvas.captureStream(15).getVideoTracks(), ...out.stream.getAudioTracks()]);
  return {
    stream,
    stop() {
      clearInterval(timer);
      tone.stop();
      audio.close();
      stream.getTracks().forEach((t) => t.stop());
    },
  };
}
