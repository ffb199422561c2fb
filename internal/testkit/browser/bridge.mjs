// Lets a Go test drive pages of a headless Chromium: requests come as lines of
// JSON on standard input, {id, op, …}, and answers go to standard output as
// {id, result} or {id, error}. The end of the input ends the browser.
//
// FJORD_BROWSER_MODULES is the folder with node_modules, FJORD_CHROMIUM the
// browser's program.
import { createRequire } from "node:module";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const modules = process.env.FJORD_BROWSER_MODULES;
const require = createRequire(join(modules, "package.json"));
const { chromium } = require("playwright-core");
const esbuild = require("esbuild");

const packages = { "ts-client-0.5.0": "@fishjam-dev/ts-client", "ts-client-sdk-0.4.0": "sdk040", "ts-client-sdk-0.2.2": "sdk022" };

// bundle makes one script of the page's program and a client SDK.
async function bundle(sdk) {
  const built = await esbuild.build({
    entryPoints: [fileURLToPath(new URL("page.js", import.meta.url))], bundle: true, write: false, format: "iife",
    nodePaths: [join(modules, "node_modules")], alias: { sdk: packages[sdk] }, logLevel: "silent",
  });
  return built.outputFiles[0].text;
}

const scripts = new Map(); // SDK → promise of its script
const script = (sdk) => {
  if (!scripts.has(sdk)) scripts.set(sdk, bundle(sdk));
  return scripts.get(sdk);
};

// Pages come from a server: only a trustworthy origin may use the camera.
const server = createServer((request, response) => {
  response.setHeader("content-type", "text/html; charset=utf-8");
  response.end("<!doctype html><title>peer</title><body></body>");
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));

const browser = await chromium.launch({
  executablePath: process.env.FJORD_CHROMIUM, timeout: 55_000, // ms; a busy machine takes its time
  args: [
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--mute-audio",
    "--autoplay-policy=no-user-gesture-required", "--disable-gpu", "--disable-dev-shm-usage",
    "--disable-features=LocalNetworkAccessChecks,WebRtcHideLocalIpsWithMdns",
  ],
});
const context = await browser.newContext();

const pages = new Map(); // id → {page, console}
let lastPage = 0;

const operations = {
  async open({ sdk }) {
    const page = await context.newPage();
    const entry = { page, console: [] };
    page.on("console", (message) => entry.console.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => entry.console.push(`uncaught: ${error.message}`));
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    await page.addScriptTag({ content: await script(sdk) });
    pages.set(++lastPage, entry);
    return lastPage;
  },
  call: ({ page, name, args }) =>
    pages.get(page).page.evaluate(([name, args]) => globalThis.peer[name](args), [name, args]),
  console: ({ page }) => pages.get(page).console,
  async close({ page }) {
    await pages.get(page).page.close();
    pages.delete(page);
    return null;
  },
};

const answer = (line) => process.stdout.write(JSON.stringify(line) + "\n");

async function serve({ id, op, ...rest }) {
  try {
    answer({ id, result: (await operations[op](rest)) ?? null });
  } catch (error) {
    answer({ id, error: String(error?.message ?? error) });
  }
}

answer({ id: 0, result: browser.version() });
for await (const line of createInterface({ input: process.stdin })) serve(JSON.parse(line));
await browser.close();
process.exit(0);
