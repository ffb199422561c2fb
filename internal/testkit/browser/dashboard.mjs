// Lets a Go test drive the dashboard in a headless Chromium, with the requests
// and answers of bridge.mjs.
//
// FJORD_BROWSER_MODULES is the folder with node_modules, FJORD_CHROMIUM the
// browser's program.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { join } from "node:path";

const require = createRequire(join(process.env.FJORD_BROWSER_MODULES, "package.json"));
const { chromium } = require("playwright-core");

const browser = await chromium.launch({
  executablePath: process.env.FJORD_CHROMIUM,
  args: [
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--mute-audio",
    "--autoplay-policy=no-user-gesture-required", "--disable-gpu", "--disable-dev-shm-usage",
    "--disable-features=LocalNetworkAccessChecks,WebRtcHideLocalIpsWithMdns",
  ],
});

const pages = new Map(); // id → {page, console}
let last = 0;

const on = (page) => pages.get(page).page;

const operations = {
  async open({ url, width, height, scheme }) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme });
    const page = await context.newPage();
    const entry = { page, context, console: [] };
    page.on("console", (message) => entry.console.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => entry.console.push(`uncaught: ${error.message}`));
    await page.goto(url);
    pages.set(++last, entry);
    return last;
  },
  fill: ({ page, selector, text }) => on(page).fill(selector, text, { timeout: 20000 }),
  press: ({ page, key }) => on(page).keyboard.press(key),
  click: ({ page, name, nth }) => on(page).getByRole("button", { name, exact: true }).nth(nth ?? 0).click({ timeout: 20000 }),
  evaluate: ({ page, code }) => on(page).evaluate(code),
  async shoot({ page, path, width, height, scheme }) {
    if (width) await on(page).setViewportSize({ width, height });
    if (scheme) await on(page).emulateMedia({ colorScheme: scheme });
    await on(page).screenshot({ path, fullPage: true });
  },
  console: ({ page }) => pages.get(page).console,
  async close({ page }) {
    await pages.get(page).context.close();
    pages.delete(page);
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
