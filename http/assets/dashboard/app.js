// The dashboard: nodes, rooms, peers of the cluster, and peers in the page.
import { ask, base, listen } from "./api.js";
import { source } from "./media.js";
import { Peer } from "./peer.js";
import { $, action, el, fill, nodeCards, roomCard, showRates } from "./view.js";

let token = sessionStorage.getItem("token") ?? "";
let report = {};
const addresses = new Set([""]); // where rooms are looked for: here, and on other nodes

async function guarded(what) {
  try {
    $("fault").textContent = "";
    await what();
  } catch (e) {
    $("fault").textContent = e.message;
    $("landed").textContent = e.message;
  }
}

async function refresh() {
  const cluster = await ask(token, "", "GET", "/cluster").catch(() => ({ usage: null }));
  fill($("nodes"), nodeCards(cluster));
  for (const n of cluster.nodes ?? []) if (n.state === "up" && n.address) addresses.add(n.address);
  const seen = new Set();
  const cards = [];
  for (const address of addresses) {
    const rooms = await ask(token, address, "GET", "/room").catch(() => []);
    for (const room of rooms) {
      if (seen.has(room.id)) continue;
      seen.add(room.id);
      cards.push([room.id, roomCard(address || location.host, room, report, {
        join: () => guarded(() => addPeer(address, room.id)),
        removePeer: (id) => guarded(() => ask(token, address, "DELETE", `/room/${room.id}/peer/${id}`).then(refresh)),
        removeRoom: () => guarded(() => ask(token, address, "DELETE", `/room/${room.id}`).then(refresh)),
      })]);
    }
  }
  for (const key of Object.keys(report)) if (!seen.has(key.slice("room_id=".length))) delete report[key];
  cards.sort(([a], [b]) => (a < b ? -1 : 1));
  fill($("rooms"), cards.length ? cards.map(([, card]) => card) : [el("li", { className: "dim" }, "No rooms yet.")]);
}

let planned;
function soon() {
  planned ??= setTimeout(() => {
    planned = undefined;
    refresh();
  }, 200);
}

async function createRoom() {
  const codec = $("codec").value;
  const created = await ask(token, "", "POST", "/room", codec ? { videoCodec: codec } : {});
  if (created.fishjam_address !== location.host) addresses.add(created.fishjam_address);
  $("landed").textContent = `Room ${created.room.id} is on ${created.fishjam_address}.`;
  await refresh();
}

async function addPeer(address, room) {
  const added = await ask(token, address, "POST", `/room/${room}/peer`, { type: "webrtc" });
  const url = base("").replace(/^http/, "ws").replace(/\/\/.*/, "//") + added.peer_websocket_url;
  const label = `peer ${added.peer.id.slice(0, 8)}`;
  const sent = await source($("source").value, label);
  const own = el("video", { muted: true, autoplay: true, playsInline: true, srcObject: sent.stream });
  const state = el("div", { className: "dim", role: "status" }, "connecting");
  const videos = el("div", { className: "videos" }, own);
  const traffic = el("div", { className: "dim" });
  const elements = new Map();
  const peer = new Peer(url, added.token, sent.stream, { name: label }, {
    joined: () => (state.textContent = "joined"),
    media(id, stream, kind) {
      const e = el(kind, { autoplay: true, playsInline: true, srcObject: stream });
      elements.set(id, e);
      videos.append(e);
    },
    gone(id) {
      elements.get(id)?.remove();
      elements.delete(id);
    },
    closed(reason) {
      clearInterval(timer);
      sent.stop();
      card.remove();
      $("link").textContent = `${label}: ${reason}`;
    },
  });
  const timer = setInterval(async () => (traffic.textContent = await peer.bitrates()), 1000);
  const card = el("li", {}, el("h3", {}, label), el("div", { className: "dim id" }, `in ${room}`), videos, state, traffic,
    el("div", { className: "row" }, action(`leave ${added.peer.id}`, "Leave", () => peer.close())));
  $("here").append(card);
}

function note(what, room, who) {
  const time = new Date().toLocaleTimeString();
  $("events").prepend(el("li", {}, `${time} ${what} ${room} ${who}`));
  while ($("events").children.length > 50) $("events").lastChild.remove();
  soon();
}

// rates takes a report; each node of the cluster sends one of its rooms.
function rates(news) {
  Object.assign(report, news);
  showRates(report);
}

async function open() {
  await ask(token, "", "GET", "/health");
  sessionStorage.setItem("token", token);
  $("login").hidden = true;
  $("board").hidden = false;
  listen(token, { notification: note, report: rates, state: (s) => ($("link").textContent = s) });
  setInterval(soon, 5000);
  await refresh();
}

$("login").onsubmit = (e) => {
  e.preventDefault();
  token = $("token").value;
  guarded(open);
};
$("create").onsubmit = (e) => {
  e.preventDefault();
  guarded(createRoom);
};
if (token) guarded(open);
