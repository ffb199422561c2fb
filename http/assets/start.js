// Shows this server's own description, light or dark as the reader has it.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.onchange = follow;
follow();
SwaggerUIBundle({ url: "openapi.json", dom_id: "#ui", persistAuthorization: true });
