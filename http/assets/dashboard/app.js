// The dashboard: nodes, rooms, peers of the cluster, and peers in the page.
import { ask, base, listen } from "./api.js";
import { source } from "./media.js";
import { Peer } from "./peer.js";
import { $, action, el, fill, linked, nodeCards, roomCard, short, showRates } from "./view.js";

let token = sessionStorage.getItem("token") ?? "";
let report = {};
let own = ""; // the name of this page's node
const addresses = new Map([["", ""]]); // where rooms are looked for, here and on other nodes → the node's name
const places = new Map(); // a room's id → its node and address, to be read

async function guarded(what) {
  try {
    if ($("landed").className === "bad") say("");
    await what();
  } catch (e) {
    say(e.message, "bad");
  }
}

// say puts a line where it is seen: under the token, or beside the button that makes rooms.
function say(line, className = "") {
  $("fault").textContent = $("landed").textContent = line;
  $("landed").className = className;
}

// nodeAt names the node that answers at an address; "" is this page's node.
function nodeAt(address) {
  const name = address ? addresses.get(address) : own;
  return name ? `${name} (${address || location.host})` : address || location.host;
}

async function refresh() {
  const cluster = await ask(token, "", "GET", "/cluster").catch(() => ({ usage: null }));
  fill($("nodes"), nodeCards(cluster));
  own = cluster.node || own;
  for (const n of cluster.nodes ?? []) if (n.state === "up" && n.address) addresses.set(n.address, n.node);
  const seen = new Set();
  const cards = [];
  for (const address of addresses.keys()) {
    const rooms = await ask(token, address, "GET", "/room").catch(() => []);
    for (const room of rooms) {
      if (seen.has(room.id)) continue;
      seen.add(room.id);
      places.set(room.id, nodeAt(address));
      cards.push([room.id, roomCard(places.get(room.id), room, report, {
        join: () => guarded(() => addPeer(address, room.id)),
        removePeer: (id) => guarded(() => ask(token, address, "DELETE", `/room/${room.id}/peer/${id}`).then(refresh)),
        removeRoom: () => guarded(() => ask(token, address, "DELETE", `/room/${room.id}`).then(refresh)),
      })]);
    }
  }
  for (const key of Object.keys(report)) if (!seen.has(key.slice("room_id=".length))) delete report[key];
  for (const id of places.keys()) if (!seen.has(id)) places.delete(id);
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
  await refresh();
  if (!places.has(created.room.id)) { // on a node that does not tell its address
    addresses.set(created.fishjam_address, "");
    await refresh();
  }
  say(`Room ${short(created.room.id)} is on ${places.get(created.room.id) ?? created.fishjam_address}.`);
}

async function addPeer(address, room) {
  const added = await ask(token, address, "POST", `/room/${room}/peer`, { type: "webrtc" });
  const url = base("").replace(/^http/, "ws").replace(/\/\/.*/, "//") + added.peer_websocket_url;
  const label = `peer ${short(added.peer.id)}`;
  const sent = await source($("source").value, label);
  const own = el("video", { muted: true, autoplay: true, playsInline: true, srcObject: sent.stream });
  const state = el("span", { role: "status" }, "connecting");
  const videos = el("div", { className: "videos" }, own);
  const traffic = el("span");
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
      say(`${label}: ${reason}`, reason === "closed" ? "" : "bad");
    },
  });
  const timer = setInterval(async () => {
    const rates = await peer.bitrates();
    traffic.textContent = rates && `, ${rates}`;
  }, 1000);
  const card = el("li", {}, el("h3", {}, label), el("div", { className: "dim", title: room }, `in room ${short(room)} on ${nodeAt(address)}`),
    videos, el("div", { className: "dim" }, state, traffic),
    el("div", { className: "row" }, action(`leave ${added.peer.id}`, "Leave", () => peer.close())));
  $("here").append(card);
}

function note(what, room, who) {
  const time = new Date().toLocaleTimeString();
  $("events").prepend(el("li", { title: `${room} ${who}`.trim() },
    el("time", { className: "dim" }, time),
    el("span", {}, what, el("span", { className: "id" }, ` ${short(room)}${who && ` · ${short(who)}`}`))));
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
  $("board").hidden = $("out").hidden = false;
  listen(token, { notification: note, report: rates, state: linked });
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
$("out").onclick = () => {
  sessionStorage.removeItem("token");
  location.reload();
};
if (token) guarded(open);
