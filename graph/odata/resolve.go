package odata

import (
	"net/url"
	"strings"
)

// Resolve turns the URL of a request of a batch into what Parse takes: the path
// behind the service root, escaped, and the raw query string. It may be absolute,
// an absolute path or relative to the root (Part 1 §11.7.2.1); base is the root's
// public address. Another host and another path than the root's are refused, as
// is a batch within a batch.
func Resolve(base, address string) (path, rawQuery string, err error) {
	root, err := url.Parse(base)
	if err != nil || root.Host == "" {
		return "", "", badf("", "the service has no public address")
	}
	if strings.ContainsAny(address, "#\r\n") || strings.HasPrefix(address, "//") {
		return "", "", badf("", "the address of a request of the batch is not one of this service")
	}
	address, rawQuery, _ = strings.Cut(address, "?")
	switch {
	case strings.Contains(address, "://"):
		u, err := url.Parse(address)
		if err != nil || !strings.EqualFold(u.Scheme, root.Scheme) || !strings.EqualFold(hostPort(u), hostPort(root)) {
			return "", "", badf("", "the address of a request of the batch is not one of this service")
		}
		address = u.EscapedPath()
		fallthrough
	case strings.HasPrefix(address, "/"):
		behind, ok := strings.CutPrefix(address, strings.TrimSuffix(root.EscapedPath(), "/"))
		if !ok || behind != "" && behind[0] != '/' {
			return "", "", noResource()
		}
		path = strings.TrimPrefix(behind, "/")
	default:
		path = address
	}
	head, _, _ := strings.Cut(path, "/")
	name, _ := unescape(head, false)
	switch {
	case name == "." || name == "..":
		return "", "", noResource()
	case name == "$batch":
		return "", "", badf("", "a batch stands in no batch")
	}
	return path, rawQuery, nil
}

// hostPort is the host with its port, be it written or not.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[strings.ToLower(u.Scheme)]
	}
	return u.Hostname() + ":" + port
}
