// The page's elements. Nothing that comes from a server becomes markup.

// el makes an element: properties, then children (nodes or strings).
export function el(tag, props = {}, ...children) {
  const e = Object.assign(document.createElement(tag), props);
  e.append(...children.filter((c) => c !== null && c !== undefined && c !== ""));
  return e;
}

export const $ = (id) => document.getElementById(id);

// short is the beginning of an id that a server made; clients may choose others.
export function short(id) {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) ? id.slice(0, 8) : id;
}

// linked shows how the server websocket is.
export function linked(state) {
  $("link").textContent = state;
  $("link").className = state === "live" ? "good" : "bad";
}

// fill replaces the children of a list, and keeps the focus where it was.
export function fill(list, items) {
  const focus = document.activeElement?.dataset?.key;
  list.replaceChildren(...items);
  if (focus) list.querySelector(`[data-key="${CSS.escape(focus)}"]`)?.focus();
}

export function action(key, label, run, className = "") {
  const b = el("button", { type: "button", className, onclick: run }, label);
  b.dataset.key = key;
  return b;
}

function load(usage) {
  const count = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;
  return usage ? `${count(usage.rooms, "room")}, ${count(usage.forwardedTracks, "forwarded track")}` : "load unknown";
}

export function nodeCards(cluster) {
  const own = el("li", {},
    el("h3", {}, cluster.node || "not in a cluster"),
    el("div", { className: cluster.refusing ? "bad" : "good" }, cluster.draining ? "draining" : cluster.refusing ? "takes no rooms" : "up"),
    el("div", {}, `this node, at ${location.host}`),
    el("div", {}, load(cluster.usage)),
    ...(cluster.warnings ?? []).map((w) => el("div", { className: "bad" }, w)));
  return [own, ...(cluster.nodes ?? []).map((n) => el("li", {},
    el("h3", {}, n.node),
    el("div", { className: n.state === "up" ? "good" : "bad" }, n.state, n.state !== "up" && n.reason ? `: ${n.reason}` : ""),
    el("div", {}, n.kind, n.address ? ` at ${n.address}` : ""),
    n.state === "up" ? el("div", {}, load(n.usage)) : el("div", { className: "dim" }, n.detail || "")))];
}

function rate(report, room, peer, track) {
  const tracks = report[`room_id=${room}`]?.[`endpoint_id=${peer}`] ?? {};
  let sum;
  for (const rid of ["", "l", "m", "h"]) { // the variants of simulcast have a report each
    const bytes = tracks[`track_id=${track}:${rid}`]?.["inbound-rtp.bytes_received-per-second"];
    if (bytes !== undefined) sum = (sum ?? 0) + bytes;
  }
  return sum === undefined ? "" : ` ${Math.round((sum * 8) / 1000)} kbit/s`;
}

// tracksOf lists the tracks of a peer; showRates renews it.
function tracksOf(room, peer, report) {
  const line = el("div", { className: "dim rates" });
  line.say = (report) => peer.tracks.map((t) => `${t.type}${rate(report, room.id, peer.id, t.id)}`).join(" · ") || "no tracks";
  line.textContent = line.say(report);
  return line;
}

export function showRates(report) {
  for (const line of document.querySelectorAll(".rates")) line.textContent = line.say(report);
}

// roomCard takes what the room's node is called.
export function roomCard(where, room, report, { join, removePeer, removeRoom }) {
  return el("li", {},
    el("h3", { className: "id" }, room.id),
    el("div", { className: "dim" }, `on ${where}`, room.config.videoCodec ? `, ${room.config.videoCodec}` : ""),
    el("ul", { className: "peers" }, ...room.peers.map((p) => el("li", {},
      el("div", { className: "row" },
        el("span", { title: p.id }, el("span", { className: "id" }, short(p.id)), " ", el("span", { className: p.status === "connected" ? "good" : "dim" }, p.status)),
        action(`peer ${p.id}`, "Remove", () => removePeer(p.id), "bad")),
      tracksOf(room, p, report)))),
    el("div", { className: "row" },
      action(`join ${room.id}`, "Add a peer here", join),
      action(`end ${room.id}`, "End the room", removeRoom, "bad")));
}
