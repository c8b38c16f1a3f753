// Package load drives GraphQL servers over loopback and measures what a request
// costs them: only the processes' own CPU time and memory tell, since servers,
// upstreams and driver share the machine. It needs Linux's /proc.
package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Target is one server under test.
type Target struct {
	Name string
	URL  string
	// Header are lines sent with each request: "Authorization: Bearer …".
	Header []string
	// PIDs are its processes; what they started is counted with them.
	PIDs []int

	host, path string
}

// ParseTarget reads [name=]URL[@PID[,PID]]; otherwise is the name where none is
// given.
func ParseTarget(text, otherwise string, header []string) (*Target, error) {
	t := &Target{Name: otherwise, Header: header}
	if name, rest, ok := strings.Cut(text, "="); ok && !strings.Contains(name, "/") {
		t.Name, text = name, rest
	}
	address, pids, hasPIDs := strings.Cut(text, "@")
	t.URL = address
	if hasPIDs {
		for _, s := range strings.Split(pids, ",") {
			n, err := strconv.Atoi(s)
			if err != nil {
				return nil, fmt.Errorf("%s: %q is no process id", t.Name, s)
			}
			t.PIDs = append(t.PIDs, n)
		}
	}
	return t, t.resolve()
}

// resolve refuses every address but loopback ones.
func (t *Target) resolve() error {
	u, err := url.Parse(t.URL)
	if err != nil {
		return err
	}
	if u.Scheme != "http" {
		return fmt.Errorf("%s: only http", t.URL)
	}
	host, _, err := net.SplitHostPort(u.Host)
	if err != nil {
		return fmt.Errorf("%s: %w", t.URL, err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("%s: only loopback addresses", t.URL)
	}
	t.host, t.path = u.Host, u.RequestURI()
	return nil
}

// request gives the bytes of one POST of a question.
func (t *Target) request(question string) ([]byte, error) {
	body, err := json.Marshal(map[string]string{"query": question})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nAccept: application/json\r\nContent-Length: %d\r\n", t.path, t.host, len(body))
	for _, h := range t.Header {
		b.WriteString(h + "\r\n")
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes(), nil
}

// NewTarget is a server by its process; it panics over an address that is not on
// loopback.
func NewTarget(name, url string, pid int, header ...string) *Target {
	t := &Target{Name: name, URL: url, PIDs: []int{pid}, Header: header}
	if err := t.resolve(); err != nil {
		panic(err)
	}
	return t
}
