// A peer: the peer websocket and one RTCPeerConnection, as the SDKs have them.
import { refused } from "./api.js";
import { field, fields, string } from "./wire.js";

export class Peer {
  // on has joined(), media(trackId, stream, kind), gone(trackId), closed(reason).
  constructor(url, token, stream, metadata, on) {
    this.stream = stream;
    this.on = on;
    this.metadata = metadata;
    this.mids = {};
    this.ids = new Map(); // our tracks' ids
    this.ws = new WebSocket(url);
    this.ws.binaryType = "arraybuffer";
    this.ws.onopen = () => {
      this.opened = true;
      this.ws.send(field(2, field(1, token)));
    };
    this.ws.onmessage = ({ data }) => this.message(new Uint8Array(data));
    this.ws.onclose = ({ reason }) => {
      this.pc?.close();
      on.closed(reason || (this.opened ? "closed" : refused(new URL(url).host)));
    };
  }

  close() {
    this.ws.close();
  }

  send(type, data) {
    this.ws.send(field(3, field(1, JSON.stringify({ type, ...(data === undefined ? {} : { data }) }))));
  }

  custom(type, data) {
    this.send("custom", { type, ...(data === undefined ? {} : { data }) });
  }

  message(bytes) {
    const [[kind, content]] = fields(bytes);
    if (kind === 1) this.send("connect", { metadata: this.metadata });
    if (kind === 3) this.event(JSON.parse(string(content, 1)));
  }

  async event({ type, data }) {
    if (type === "custom") return this.event(data);
    switch (type) {
      case "connected":
        this.id = data.id;
        for (const track of this.stream.getTracks()) this.ids.set(track, `${data.id}:${crypto.randomUUID?.() ?? Math.random()}`);
        this.on.joined(data.id);
        this.custom("renegotiateTracks");
        break;
      case "tracksRemoved":
        data.trackIds.forEach((id) => this.on.gone(id));
        break;
      case "offerData":
        await this.offer(data);
        break;
      case "sdpAnswer":
        this.mids = data.midToTrackId;
        await this.pc.setRemoteDescription({ type: "answer", sdp: data.sdp });
        break;
      case "candidate":
        await this.pc.addIceCandidate(data).catch(() => {});
        break;
    }
  }

  start(turns) {
    const iceServers = turns.map((t) => ({
      urls: `${t.transport === "tls" ? "turns" : "turn"}:${t.serverAddr}:${t.serverPort}?transport=${t.transport === "udp" ? "udp" : "tcp"}`,
      username: t.username,
      credential: t.password,
    }));
    this.pc = new RTCPeerConnection({ bundlePolicy: "max-bundle", iceServers, iceTransportPolicy: "relay" });
    for (const track of this.stream.getTracks()) this.pc.addTransceiver(track, { direction: "sendonly", streams: [this.stream] });
    this.pc.ontrack = ({ track, transceiver }) => {
      const id = this.mids[transceiver.mid];
      this.on.media(id, new MediaStream([track]), track.kind);
    };
  }

  // offer makes room for all tracks of the others, then offers.
  async offer({ tracksTypes, integratedTurnServers }) {
    if (this.pc) this.pc.restartIce();
    else this.start(integratedTurnServers);
    for (const kind of ["audio", "video"]) {
      const have = this.pc.getTransceivers().filter((t) => t.receiver.track.kind === kind && t.direction === "recvonly").length;
      for (let n = have; n < (tracksTypes[kind] ?? 0); n++) this.pc.addTransceiver(kind, { direction: "recvonly" });
    }
    const offer = await this.pc.createOffer();
    await this.pc.setLocalDescription(offer);
    const midToTrackId = {};
    const trackIdToTrackMetadata = {};
    const trackIdToTrackBitrates = {};
    for (const t of this.pc.getTransceivers()) {
      const id = t.sender.track && this.ids.get(t.sender.track);
      if (!id || !t.mid) continue;
      midToTrackId[t.mid] = id;
      trackIdToTrackMetadata[id] = { from: "dashboard" };
      trackIdToTrackBitrates[id] = t.sender.track.kind === "audio" ? 50000 : 1500000;
    }
    this.custom("sdpOffer", { sdpOffer: { type: "offer", sdp: offer.sdp }, midToTrackId, trackIdToTrackMetadata, trackIdToTrackBitrates });
  }

  // bitrates are those of this page's peer connection, in bit/s.
  async bitrates() {
    if (!this.pc) return "";
    let up = 0, down = 0;
    (await this.pc.getStats()).forEach((s) => {
      if (s.type === "outbound-rtp") up += s.bytesSent;
      if (s.type === "inbound-rtp") down += s.bytesReceived;
    });
    const now = performance.now();
    const before = this.counted;
    this.counted = { now, up, down };
    if (!before) return "";
    const rate = (a, b) => Math.round(((a - b) * 8) / (now - before.now));
    return `${rate(up, before.up)} kbit/s up, ${rate(down, before.down)} kbit/s down`;
  }
}
