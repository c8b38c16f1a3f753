package wire

import (
	"net/http"
	"net/url"
	"time"

	"github.com/trama-graph/trama/datasources"
)

// Observation is one attempt for the metrics.
type Observation = datasources.Observation

// Call is one logical upstream call.
type Call struct {
	// Name is a constant for logs, metrics and messages: "TicketSearch".
	Name string
	// Method is the HTTP method, default GET.
	Method string
	// URL is a path, with its query, which is joined to Base ("TicketGet?x=1",
	// with or without a leading slash), or an absolute address; already encoded.
	// An absolute address must have the scheme and host of Base: what an upstream
	// calls the next page may not carry our credentials elsewhere.
	URL string
	// Header is sent beside Config.Header and replaces it by name.
	Header http.Header
	// Credentials are sent beside Header and replace it by name. Neither is changed,
	// so that both may be shared by many calls; their names are in canonical form.
	Credentials http.Header
	Body        []byte
	// Read says that the call may be repeated safely, whatever its method.
	Read bool
	// Timeout and MaxBody replace those of Config, for metadata and slow tables.
	Timeout time.Duration
	MaxBody int64
	// Accept are the media types the decoder understands ("application/json"),
	// empty = any. A 2xx reply of another type is Invalid before Decode is
	// called; a reply with no type passes unless it looks like HTML, and other
	// statuses always reach Decode. They are sent as the header Accept unless
	// Header has one. Leave it empty where a 200 with a login page means Bounced.
	Accept []string
	// Decode gives the verdict on a reply; nil error = success. It is called once
	// per attempt that brought a reply, in the caller's goroutine, and holds one of
	// the Concurrency places: it may not call the same client. The body is its to
	// keep. A nil Decode is StatusVerdict.
	Decode func(r *Reply) error
}

// Reply is what the upstream answered, redirects included.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte   // whole, decompressed, without a byte order mark
	URL    *url.URL // what was asked, without userinfo
}
