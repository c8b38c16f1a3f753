package web

import "net/http"

// home says what this server is, to somebody who opens its address.
func (s *Server) home(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	w.Write([]byte(homePage)) //nolint:errcheck // the client has gone
}

const homePage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Trama</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem;color:#1c2430}
code,pre{font:14px/1.45 ui-monospace,monospace;background:#f2f4f7;border-radius:4px}
code{padding:.1em .3em}pre{padding:1rem;overflow:auto}
td{padding:.2rem 1rem .2rem 0;vertical-align:top}
</style></head><body>
<h1>Trama</h1>
<p>One GraphQL schema over the company's tickets, customers, quotes, orders and invoices.</p>
<table>
<tr><td><code>POST /graphql</code></td><td>queries, with <code>Authorization: Bearer trm_…</code> and a body of <code>application/json</code></td></tr>
<tr><td><code>GET /graphql?query=…</code></td><td>the same for queries that are short</td></tr>
<tr><td><code>/odata/</code></td><td>tables for Power BI, Excel and Tableau (OData 4), with a token as the password</td></tr>
<tr><td><code>GET /export/orders.csv</code></td><td>the same as files: .csv, .xlsx, .parquet, .ndjson</td></tr>
<tr><td><code>GET /v1/login</code></td><td>who a token is, and what it may</td></tr>
<tr><td><code>/healthz</code> <code>/readyz</code></td><td>whether it lives, and how each system is doing</td></tr>
<tr><td><code>/metrics</code></td><td>for Prometheus</td></tr>
</table>
<pre>{ customers(first: 10) { nodes { name taxId
    tickets { nodes { number title state } }
    orders { nodes { number total { amount currency }
      invoices { nodes { number status } } } } } } }</pre>
<p>The schema describes itself: point GraphiQL, Altair or Postman at <code>/graphql</code> with a token.</p>
</body></html>
`
