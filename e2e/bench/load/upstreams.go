package load

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Upstreams is the address of the source systems, http://127.0.0.1:4100; "" = they
// are left alone.
type Upstreams string

// Latency sets what they wait before each answer.
func (u Upstreams) Latency(ctx context.Context, d time.Duration) error {
	return u.get(ctx, "/control?latency="+d.String(), nil)
}

// asked is what was asked of them since the last time.
type asked struct{ Requests, Keys, Rows, Bytes float64 }

func (u Upstreams) asked(ctx context.Context) (asked, error) {
	var all map[string]asked
	err := u.get(ctx, "/stats?reset=1", &all)
	return all["all"], err
}

func (u Upstreams) get(ctx context.Context, path string, into any) error {
	if u == "" {
		return nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, string(u)+path, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("the upstreams: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the upstreams answered %s", resp.Status)
	}
	if into == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	return json.NewDecoder(resp.Body).Decode(into)
}
