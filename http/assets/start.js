// Shows this server's own description.
SwaggerUIBundle({ url: "openapi.json", dom_id: "#ui", persistAuthorization: true });
