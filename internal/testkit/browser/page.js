// One peer of a room: what a test asks of it by name (globalThis.peer), done
// with an unmodified client SDK, bundled in as "sdk".
import * as sdk from "sdk";

const Client = sdk.FishjamClient ?? sdk.JellyfishClient;

// The SDKs do not hand out their connection, and the oldest has no statistics.
const connections = [];
let transport; // "udp" or "tcp": use TURN servers of that transport only
globalThis.RTCPeerConnection = class extends globalThis.RTCPeerConnection {
  constructor(configuration) {
    super(transport ? { ...configuration, iceServers: configuration.iceServers.filter(overTransport) } : configuration);
    connections.push(this);
  }
};
const overTransport = ({ urls }) => String(urls).endsWith(`transport=${transport}`);

let client;
let id = "";
const events = []; // {name, detail}
const peers = new Map(); // id → metadata
const ready = new Map(); // id of a remote track → its MediaStreamTrack
const local = new Map(); // id of an own track → its MediaStreamTrack

const note = (name, detail = "") => events.push({ name, detail: String(detail) });

// play shows a track: nothing decodes audio that nobody listens to.
function play(context) {
  const element = document.createElement(context.track.kind);
  element.autoplay = true;
  element.srcObject = new MediaStream([context.track]);
  element.dataset.track = context.trackId;
  document.body.append(element);
}

const handlers = {
  socketOpen: () => "",
  socketError: () => "",
  socketClose: (event) => `${event.code} ${event.reason}`,
  authSuccess: () => "",
  authError: (reason) => reason,
  disconnected: () => "",
  joined(own, others) {
    id = own;
    peers.clear();
    ready.clear();
    for (const other of others) peers.set(other.id, other.metadata);
    return own;
  },
  joinError: (metadata) => JSON.stringify(metadata),
  connectionError: (message) => message,
  peerJoined: (peer) => (peers.set(peer.id, peer.metadata), peer.id),
  peerUpdated: (peer) => (peers.set(peer.id, peer.metadata), peer.id),
  peerLeft: (peer) => (peers.delete(peer.id), peer.id),
  trackAdded: (context) => context.trackId,
  trackUpdated: (context) => context.trackId,
  trackReady(context) {
    ready.set(context.trackId, context.track);
    play(context);
    return context.trackId;
  },
  trackRemoved(context) {
    ready.delete(context.trackId);
    document.querySelector(`[data-track="${context.trackId}"]`)?.remove();
    return context.trackId;
  },
  bandwidthEstimationChanged: (estimation) => String(estimation),
};

async function capture({ kind, width, height, rate }) {
  const wish = kind === "audio" ? { audio: true } : { video: { width, height, frameRate: rate } };
  const stream = await navigator.mediaDevices.getUserMedia(wish);
  return [stream.getTracks()[0], stream];
}

const figures = (report) => ({
  frames: report.framesDecoded ?? 0, width: report.frameWidth ?? 0, height: report.frameHeight ?? 0,
  freezes: report.freezeCount ?? 0, frozen: report.totalFreezesDuration ?? 0,
  energy: report.totalAudioEnergy ?? 0, packets: report.packetsReceived ?? 0, lost: report.packetsLost ?? 0,
});

// statistics returns what the newest connection's getStats says of tracks and path.
async function statistics() {
  const result = { inbound: new Map(), outbound: [], relay: "" };
  const connection = connections.at(-1);
  if (!connection || connection.connectionState === "closed") return result;
  const all = await connection.getStats();
  const codec = (report) => all.get(report.codecId)?.mimeType ?? "";
  all.forEach((report) => {
    if (report.type === "inbound-rtp") {
      result.inbound.set(report.trackIdentifier, { ...figures(report), codec: codec(report) });
    } else if (report.type === "outbound-rtp") {
      result.outbound.push({
        kind: report.kind, rid: report.rid ?? "", codec: codec(report), active: report.active ?? true,
        frames: report.framesEncoded ?? 0, width: report.frameWidth ?? 0, height: report.frameHeight ?? 0,
      });
    } else if (report.type === "transport" && report.selectedCandidatePairId) {
      const pair = all.get(report.selectedCandidatePairId);
      result.relay = all.get(pair?.localCandidateId)?.relayProtocol ?? "";
    }
  });
  return result;
}

const remote = (context, inbound) => {
  const track = ready.get(context.trackId);
  return {
    peer: (context.endpoint ?? context.peer).id, metadata: context.metadata ?? null, encoding: context.encoding ?? "",
    simulcast: context.simulcastConfig ?? null, ready: !!track, kind: track?.kind ?? "", voice: context.vadStatus ?? "",
    ...inbound.get(track?.id),
  };
};

globalThis.peer = {
  join({ host, token, metadata, reconnect, transport: only }) {
    transport = only;
    client = new Client({ reconnect });
    for (const [name, handler] of Object.entries(handlers)) {
      client.on(name, (...args) => note(name, handler(...args)));
    }
    client.connect({ token, peerMetadata: metadata, signaling: { host } });
  },

  async publish(wish) {
    const [track, stream] = await capture(wish);
    const active = wish.encodings ?? [];
    const simulcast = active.length
      ? { enabled: true, activeEncodings: active, disabledEncodings: [] } : undefined;
    const limits = simulcast && new Map([["l", 150], ["m", 500], ["h", 1500]]);
    const trackId = await client.addTrack(track, stream, wish.metadata, simulcast, limits);
    local.set(trackId, track);
    return trackId;
  },

  // publishSoon begins with all tracks at once and waits for none.
  publishSoon({ wishes }) {
    for (const wish of wishes) this.publish(wish).catch((error) => note("publishFailed", error.message));
  },

  // replace sends another picture on a track.
  async replace({ track, ...wish }) {
    const [replacement] = await capture(wish);
    await client.replaceTrack(track, replacement, wish.metadata);
    local.get(track).stop();
    local.set(track, replacement);
  },

  async unpublish({ track }) {
    await client.removeTrack(track);
    local.get(track)?.stop();
    local.delete(track);
  },

  target: ({ track, encoding }) => client.setTargetTrackEncoding(track, encoding),
  disable: ({ track, encoding }) => client.disableTrackEncoding(track, encoding),
  enable: ({ track, encoding }) => client.enableTrackEncoding(track, encoding),
  rename: ({ metadata }) => client.updatePeerMetadata(metadata),
  retitle: ({ track, metadata }) => client.updateTrackMetadata(track, metadata),
  leave: () => client.leave(),
  disconnect: () => client.disconnect(),

  // look returns all that is known of the room and its media.
  async look() {
    const { inbound, outbound, relay } = await statistics();
    const tracks = Object.values(client?.getRemoteTracks() ?? {});
    return {
      id, events, outbound, relay, peers: Object.fromEntries(peers),
      tracks: Object.fromEntries(tracks.map((context) => [context.trackId, remote(context, inbound)])),
    };
  },
};
