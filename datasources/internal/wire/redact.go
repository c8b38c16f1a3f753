package wire

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

const hidden = "***"

// secretWords are the parts of a name that make its value a secret.
const secretWords = `(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|session|cookie|csrf|authorization|signature|credential)`

var (
	// An address ends at white space or at a sign no address holds. The single
	// quote is none: OData keys have it.
	addressPattern = regexp.MustCompile("[A-Za-z][A-Za-z0-9+.-]*://[^\\s\"`<>]+")
	// Part of an address without a host, as in `Get "/path?a=b"`.
	queryPattern = regexp.MustCompile("(/[^\\s\"`<>?]*)\\?[^\\s\"`<>]+")
	// Headers with a value of several words or pairs, up to the end of the line.
	headerPattern = regexp.MustCompile(`(?i)(\b(?:set-cookie2?|cookie|(?:proxy-)?authorization)\s*:\s*)[^\s"'][^\r\n"]*`)
	schemePattern = regexp.MustCompile(`(?i)\b(bearer|basic|negotiate)\s+[A-Za-z0-9._~+/=-]{6,}`)
	// <Password>x</Password>, with or without a prefix and attributes. The second
	// group is the value.
	elementPattern = regexp.MustCompile(`(?i)(<[^<>/]*` + secretWords + `[^<>/]*>)([^<]+)`)
	// Password=x, "Password": "x", X-Api-Key: x. The first group is what stays,
	// the others are the value, which may have lost its closing quote.
	fieldPattern = regexp.MustCompile(`(?i)([\w.-]*` + secretWords + `[\w.-]*\\?["']?\s*[:=]\s*|\bkey=)` +
		`(?:"((?:[^"\\]|\\.)*)"?|\\"((?:[^"\\]|\\[^"])*)|'([^']*)'?|\[\s*"?([^\]"]*)"?|([^\s&,;"'<>(){}\[\]]+))`)
	secretName = regexp.MustCompile(`(?i)` + secretWords + `|^key$`)
)

// Redact returns s without what may not be written down: the userinfo, query and
// fragment of addresses, credentials after "Bearer" and "Basic", and the values
// of fields named like a password, token, session, cookie or key, in URL-encoded
// forms, headers, JSON and XML. It is a net below careful errors, not a licence
// to log bodies.
func Redact(s string) string {
	if s == "" {
		return s
	}
	s = addressPattern.ReplaceAllStringFunc(s, redactAddress)
	s = queryPattern.ReplaceAllString(s, "${1}?"+hidden)
	s = headerPattern.ReplaceAllString(s, "${1}"+hidden)
	s = schemePattern.ReplaceAllString(s, "${1} "+hidden)
	s = elementPattern.ReplaceAllString(s, "${1}"+hidden)
	return redactFields(s)
}

func redactAddress(s string) string {
	scheme, rest, _ := strings.Cut(s, "://")
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	host, tail := rest[:end], rest[end:]
	path, query, hasQuery := strings.Cut(tail, "?")
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = hidden + host[i:]
	} else if !isHostPort(host) {
		// A password that holds "/", "?" or a quote nobody encoded: the host cannot
		// be told from it.
		return scheme + "://" + hidden
	}
	path, _, hasFragment := strings.Cut(path, "#")
	switch {
	case hasQuery && query != "", hasFragment:
		path += "?" + hidden
	case hasQuery:
		path += "?"
	}
	return scheme + "://" + host + path
}

func isHostPort(host string) bool {
	if strings.HasPrefix(host, "[") {
		return true // IPv6
	}
	_, port, _ := strings.Cut(host, ":")
	return strings.Trim(port, "0123456789.,;:)'") == ""
}

func redactFields(s string) string {
	var b strings.Builder
	last := 0
	for _, m := range fieldPattern.FindAllStringSubmatchIndex(s, -1) {
		from, to := m[1], m[1]
		for g := 2; g <= 6; g++ {
			if m[2*g] >= 0 {
				from, to = m[2*g], m[2*g+1]
			}
		}
		if from == to {
			continue
		}
		b.WriteString(s[last:from])
		b.WriteString(hidden)
		last = to
	}
	if last == 0 {
		return s
	}
	b.WriteString(s[last:])
	return b.String()
}

// plainHeaders say nothing secret: all others are treated as credentials.
var plainHeaders = []string{
	"Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Content-Encoding", "Content-Length", "Content-Type",
	"Dataserviceversion", "Forceusesession", "If-Match", "If-Modified-Since", "If-None-Match", "Maxdataserviceversion", "Odata-Maxversion",
	"Odata-Version", "Prefer", "Soapaction", "User-Agent", "X-Requested-With",
}

// secrets are the literal values one call sent, so that an upstream which
// repeats them bare is caught as well. They are gathered only when something
// went wrong.
func secrets(base *url.URL, u *url.URL, headers http.Header, body []byte) []string {
	var found []string
	// Values shorter than atLeast would tear ordinary words apart.
	add := func(s string, atLeast int) {
		s = strings.TrimSpace(s)
		if len(s) < atLeast || s == hidden {
			return
		}
		found = append(found, s)
		inJSON, _ := json.Marshal(s)
		for _, e := range []string{url.QueryEscape(s), QueryEscape20(s), string(inJSON[1 : len(inJSON)-1])} {
			if e != s {
				found = append(found, e)
			}
		}
	}
	if base.User != nil {
		p, _ := base.User.Password()
		add(p, 3)
	}
	for name, values := range headers {
		if slices.Contains(plainHeaders, name) {
			continue
		}
		for _, v := range values {
			add(v, 5)
			scheme, rest, ok := strings.Cut(v, " ")
			if !ok {
				continue
			}
			add(rest, 5)
			if strings.EqualFold(scheme, "Basic") {
				if plain, err := base64.StdEncoding.DecodeString(rest); err == nil {
					_, p, _ := strings.Cut(string(plain), ":")
					add(p, 3)
				}
			}
		}
	}
	if u != nil {
		for name, values := range u.Query() {
			if secretName.MatchString(name) {
				for _, v := range values {
					add(v, 3)
				}
			}
		}
	}
	text := string(body[:min(len(body), 64<<10)])
	for _, m := range fieldPattern.FindAllStringSubmatch(text, -1) {
		for _, v := range m[2:] {
			add(v, 3)
			if plain, err := url.QueryUnescape(v); err == nil && plain != v {
				add(plain, 3)
			}
		}
	}
	for _, m := range elementPattern.FindAllStringSubmatch(text, -1) {
		add(m[2], 3)
	}
	// Longest first: one may be part of another.
	slices.SortFunc(found, func(a, b string) int { return len(b) - len(a) })
	return found
}

func scrub(text string, secrets []string) string {
	for _, s := range secrets {
		text = strings.ReplaceAll(text, s, hidden)
	}
	return text
}
