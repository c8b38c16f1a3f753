// Package wire is the one way a connector calls its upstream over HTTP. It owns
// the deadline, the queue, the agreed rate, the breaker, the retries, the body
// limit and the redaction; the connector owns the request and the verdict on
// the reply.
//
// A Client belongs to one source and is shared by all its callers:
//
//	c, err := wire.New(wire.Config{Source: "helpdesk", Base: base})
//	err = c.Do(ctx, wire.Call{
//		Name: "TicketSearch", Method: http.MethodPost, URL: "TicketSearch",
//		Header: http.Header{"Content-Type": {"application/json"}},
//		Body:   body,
//		Read:   true,
//		Accept: []string{"application/json"},
//		Decode: func(r *wire.Reply) error {
//			if err := wire.StatusVerdict(r); err != nil {
//				return err
//			}
//			if err := json.Unmarshal(r.Body, &out); err != nil {
//				return wire.Invalid(err)
//			}
//			if out.Error != nil {
//				return wire.Refused(out.Error)
//			}
//			return nil
//		},
//	})
//
// The verdict, not the HTTP status alone, feeds the breaker and the retries: a
// 200 that carries an error or a login page is a failure. What each verdict
// does:
//
//	verdict      repeated (reads only)   breaker   code to the client
//	nil          -                       success   -
//	Bounced      no, see WithSession     success   SOURCE_UNAVAILABLE
//	Refused      no                      success   SOURCE_INVALID
//	TooLong      no                      success   SOURCE_INVALID
//	LimitedBy    when the wait fits      success   SOURCE_LIMITED, Wait
//	Invalid      once                    failure   SOURCE_INVALID
//	Unavailable  Config.Retries          failure   SOURCE_UNAVAILABLE
//	timeout      once                    failure   SOURCE_TIMEOUT
//	cancelled    no                      -         SOURCE_UNAVAILABLE, wraps context.Canceled
//
// "Success" is the breaker's word: the source is there and answers. A verdict
// around a *schema.Error keeps the effect of the verdict and shows the client
// that error's code and message; a bare *schema.Error has the effect its code
// suggests; any other error of a Decode counts as Invalid.
//
// The package never decides what a reply means, never logs a row, and never
// lets upstream text, a URL, a header or a secret into a message for clients.
package wire
