package otrs

import (
	"context"
	"fmt"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// maxAhead is how far the newest change may be ahead of the clock.
const maxAhead = 2 * time.Minute

// probeFollowing finds out whether changes can be followed: by the filter that was
// tried before, by a sort by the time of the change, and by searching for the
// newest change, which the server must find. It makes three calls.
func (c *client) probeFollowing(ctx context.Context, ab *abilities) (datasources.Finding, error) {
	found := datasources.Finding{Subject: "following changes", Level: datasources.Warn}
	if !ab.changed {
		found.Result = "not possible: a copy reads all tickets each time"
		return found, nil
	}
	newest, err := c.newest(ctx, ab)
	if schema.CodeOf(err) == schema.NotEnabled {
		found.Result = fmt.Sprintf("cannot sort by %s: a copy reads all tickets each time", sortChanged)
		return found, nil
	}
	var ids []string
	if err == nil {
		ids, err = c.search(ctx, ab, params{changedNewer: wall(unambiguous(newest, c.zone), c.zone), paramLimit: 1})
	}
	ahead := newest.Sub(c.serverNow())
	switch {
	case err != nil:
		found.Level, found.Result = datasources.Fail, c.asSource(err).Error()
	case len(ids) == 0:
		found.Result = "the server does not find its newest change: its clock is behind it, and it finds no other until it has passed it"
	case ahead > maxAhead:
		found.Result = fmt.Sprintf("the newest change is %s ahead of the clock: zone must be the server's OTRSTimeZone", ahead.Round(time.Second))
	default:
		found.Level, found.Result = datasources.OK, "ok, by the time of the last change; deletions by sweeps of the keys"
	}
	return found, err
}
