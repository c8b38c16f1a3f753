package odata

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// readMultipart reads the parts of type application/http (Part 1 §11.7.2).
func (b *Batch) readMultipart(data []byte, boundary string, limits Limits) error {
	if boundary == "" || len(boundary) > 70 { // RFC 2046 §5.1.1
		return badf("", "the batch has no boundary of at most 70 signs")
	}
	parts := multipart.NewReader(bytes.NewReader(data), boundary)
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) && len(b.Requests) > 0 {
			return nil
		}
		if err != nil {
			return badf("", "the batch is not multipart/mixed of its boundary, has no end or no part")
		}
		r, err := readPart(part, len(b.Requests)+1)
		if err != nil {
			return err
		}
		if err := b.add(r, limits); err != nil {
			return err
		}
	}
}

func readPart(part *multipart.Part, number int) (Request, error) {
	body, err := io.ReadAll(part) // within the whole body, which is bounded
	if err != nil {
		return Request{}, badf("", "part %d of the batch has no end", number)
	}
	id := part.Header.Get("Content-Id")
	if len(id) > maxRequestID {
		return Request{}, badf("", "part %d of the batch has an id of more than %d bytes", number, maxRequestID)
	}
	switch media, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); media {
	case "application/http":
	case "multipart/mixed":
		return Request{ID: id, err: unsupported("", "a change set: the feed is read-only, and it")}, nil
	default:
		return Request{}, badf("", "part %d of the batch is not application/http", number)
	}
	text := textproto.NewReader(bufio.NewReader(bytes.NewReader(body)))
	line, err := text.ReadLine()
	if err != nil {
		return Request{}, badf("", "part %d of the batch has no request line", number)
	}
	method, rest, _ := strings.Cut(line, " ")
	last := strings.LastIndexByte(rest, ' ')
	if last < 0 || !strings.HasPrefix(rest[last+1:], "HTTP/1.") {
		return Request{}, badf("", "part %d of the batch has no request line such as GET Set HTTP/1.1", number)
	}
	header, err := text.ReadMIMEHeader()
	if err != nil && !errors.Is(err, io.EOF) {
		return Request{}, badf("", "part %d of the batch has headers that are none", number)
	}
	r := Request{ID: id, Method: method, URL: strings.TrimSpace(rest[:last]), Header: http.Header(header)}
	left, _ := io.ReadAll(text.R)
	if isReading(method) && len(bytes.TrimSpace(left)) > 0 {
		r.err = badf("", "a request that reads has no body")
	}
	return r, nil
}

// multipartEnvelope writes the answers as parts (§11.7.4).
type multipartEnvelope struct {
	w        io.Writer
	boundary string
}

func (e *multipartEnvelope) begin() error { return nil }

func (e *multipartEnvelope) end() error {
	_, err := io.WriteString(e.w, "--"+e.boundary+"--\r\n")
	return err
}

func (e *multipartEnvelope) answer(r *Request, a Answer) error {
	b := append(make([]byte, 0, 512), "--"...)
	b = append(b, e.boundary...)
	b = append(b, "\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"...)
	if r.ID != "" {
		b = append(b, "Content-ID: "...)
		b = append(b, r.ID...)
		b = append(b, "\r\n"...)
	}
	b = append(b, "\r\nHTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(a.Status), 10)
	b = append(b, ' ')
	b = append(b, http.StatusText(a.Status)...)
	b = append(b, "\r\n"...)
	for _, f := range a.fields() {
		b = append(b, f[0]...)
		b = append(b, ": "...)
		b = append(b, f[1]...)
		b = append(b, "\r\n"...)
	}
	if _, err := e.w.Write(append(b, "\r\n"...)); err != nil {
		return err
	}
	if a.Body != nil {
		if err := a.Body(e.w); err != nil {
			return err
		}
	}
	_, err := io.WriteString(e.w, "\r\n")
	return err
}
