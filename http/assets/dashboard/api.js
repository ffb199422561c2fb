// REST and the server websocket of the nodes.
import { field, fields, number, string } from "./wire.js";

export const names = {
  1: "room crashed", 2: "peer connected", 3: "peer disconnected", 4: "peer crashed", 5: "component crashed",
  10: "room created", 11: "room deleted", 13: "HLS playable", 14: "HLS uploaded", 15: "HLS upload crashed",
  16: "peer metadata updated", 17: "track added", 18: "track removed", 19: "track metadata updated",
  20: "peer added", 21: "peer deleted",
};

// base is where a node answers; its address is host, port and maybe a path.
export function base(address) {
  return address ? `${location.protocol}//${address}` : location.origin;
}

export async function ask(token, address, method, path, body) {
  const answer = await fetch(base(address) + path, {
    method,
    headers: { Authorization: `Bearer ${token}`, ...(body ? { "Content-Type": "application/json" } : {}) },
    body: body ? JSON.stringify(body) : undefined,
  });
  if (answer.status === 204 || answer.status === 202) return null;
  const json = await answer.json();
  if (!answer.ok) throw new Error(typeof json.errors === "string" ? json.errors : json.errors.detail);
  return json.data;
}

// refused says why a websocket does not open although the node answers requests.
export function refused(host) {
  return `websocket refused: does FJ_CHECK_ORIGIN of ${host} allow this page, ${location.host}?`;
}

// listen opens the server websocket, and opens it again when it closes.
export function listen(token, { notification, report, state }) {
  const url = location.origin.replace(/^http/, "ws") + "/socket/server/websocket";
  let opened = false;
  const open = () => {
    const ws = new WebSocket(url);
    ws.binaryType = "arraybuffer";
    ws.onopen = () => {
      opened = true;
      ws.send(field(7, field(1, token)));
    };
    ws.onmessage = ({ data }) => {
      const [[kind, content]] = fields(new Uint8Array(data));
      if (kind === 6) {
        state("live");
        ws.send(field(8, number(1, 1)));
        ws.send(field(8, number(1, 2)));
      } else if (kind === 12) {
        report(JSON.parse(string(content, 1)));
      } else if (names[kind]) {
        notification(names[kind], string(content, 1), string(content, 2) || string(content, 3));
      }
    };
    ws.onclose = ({ reason }) => {
      state(reason || (opened ? "connection lost, trying again" : refused(location.host)));
      if (reason !== "invalid token") setTimeout(open, 2000);
    };
  };
  open();
}
