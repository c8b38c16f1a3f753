package budget

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trama-graph/trama/datasources"
)

// Config says what is shared. Zero values take the defaults.
type Config struct {
	// Sources by their configured names: those with an agreed rate are shared.
	Sources map[string]datasources.Paced
	// Instances is how many processes there are, for when Redis is away: 1 or more.
	Instances int
	Redis     *redis.Client // nil = each process has its part for good
	// Prefix of the keys, for two Tramas on one Redis; default "trama:budget:".
	Prefix string
	Every  time.Duration // how often shares are settled, default 1 s
	Log    *slog.Logger  // nil = silent
}

const (
	// lease is how many rounds a share outlives the process that had it.
	lease = 5
	// floor is the part of an equal share that a process has at least: enough to
	// begin with.
	floor = 0.1
	// patience bounds one call to Redis.
	patience = 150 * time.Millisecond
)

// settle gives a process its share. What it is given is at most what the others have
// not got, so that the sum is never more than the whole, and at most what a fair
// parting gives it: everybody what he wants, where that is too much all who want
// more than an equal part the same, and what nobody wants to all alike.
//
// KEYS[1] a hash: process -> "share want until". ARGV: process, want, floor, lease in
// milliseconds. It returns the share.
const settle = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local id, want, least, ttl = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local wants, given, n = {want}, 0, 1
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local share, w, till = string.match(all[i + 1], '^(%S+) (%S+) (%S+)$')
  share, w, till = tonumber(share), tonumber(w), tonumber(till)
  if all[i] ~= id then
    if not till or till < now then
      redis.call('HDEL', KEYS[1], all[i])
    else
      given = given + share
      wants[#wants + 1] = w
      n = n + 1
    end
  end
end
least = math.min(least, 1 / n)
local total = 0
for i = 1, n do
  wants[i] = math.max(wants[i], least)
  total = total + wants[i]
end
local mine = wants[1]
if total <= 1 then
  mine = mine + (1 - total) / n
else
  table.sort(wants)
  local left, others, cut = 1, n, 1
  for i = 1, n do
    if wants[i] * others > left then cut = left / others break end
    left = left - wants[i]
    others = others - 1
  end
  mine = math.min(mine, cut)
end
mine = math.max(0, math.min(mine, 1 - given))
redis.call('HSET', KEYS[1], id, string.format('%.6f %.6f %d', mine, want, now + ttl))
redis.call('PEXPIRE', KEYS[1], ttl * 2)
return string.format('%.6f', mine)
`

// Shared gives this process its shares. Run it once.
type Shared struct {
	cfg      Config
	id       string
	script   *redis.Script
	last     map[string]uint64 // calls asked, by source
	degraded atomic.Bool
}

// New makes a Shared, and gives each source its part of the processes until there
// is an agreement.
func New(cfg Config) *Shared {
	cfg.Instances, cfg.Every, cfg.Prefix = max(1, cfg.Instances), cmp.Or(cfg.Every, time.Second), cmp.Or(cfg.Prefix, "trama:budget:")
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Shared{cfg: cfg, id: rand.Text(), script: redis.NewScript(settle), last: map[string]uint64{}}
	s.divide()
	return s
}

// Degraded reports whether Redis is away and each process has its part.
func (s *Shared) Degraded() bool { return s.degraded.Load() }

// Run settles the shares until ctx ends, and gives this process's back.
func (s *Shared) Run(ctx context.Context) error {
	if s.cfg.Redis == nil {
		return nil
	}
	tick := time.NewTicker(s.cfg.Every)
	defer tick.Stop()
	for {
		s.Settle(ctx)
		select {
		case <-ctx.Done():
			s.leave(context.WithoutCancel(ctx))
			return nil
		case <-tick.C:
		}
	}
}

// Settle asks once for the share of each source.
func (s *Shared) Settle(ctx context.Context) {
	for name, source := range s.cfg.Sources {
		d := source.Demand()
		if d.PerMinute == 0 {
			continue
		}
		share, err := s.ask(ctx, name, s.want(name, d))
		if err != nil {
			s.lost(ctx, err)
			return
		}
		source.SetShare(share)
	}
	if s.degraded.CompareAndSwap(true, false) {
		s.cfg.Log.InfoContext(ctx, "sources' rates are shared again")
	}
}

// want is the part of the agreed rate that this process could use: half as much
// again as it was asked since the last round, and what waits.
func (s *Shared) want(name string, d datasources.Demand) float64 {
	asked := d.Asked - s.last[name]
	s.last[name] = d.Asked
	perRound := float64(d.PerMinute) / 60 * s.cfg.Every.Seconds()
	return min(1, (1.5*float64(asked)+float64(d.Waiting))/perRound)
}

func (s *Shared) ask(ctx context.Context, name string, want float64) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	text, err := s.script.Run(ctx, s.cfg.Redis, []string{s.cfg.Prefix + name}, s.id,
		strconv.FormatFloat(want, 'f', 6, 64), strconv.FormatFloat(floor/float64(s.cfg.Instances), 'f', 6, 64), (lease * s.cfg.Every).Milliseconds()).Text()
	if err != nil {
		return 0, err
	}
	share, err := strconv.ParseFloat(text, 64)
	if err != nil || !(share >= 0 && share <= 1) {
		return 0, errors.New("a share that is none")
	}
	return share, nil
}

// lost falls back to an equal part. Others may have more until they notice too.
func (s *Shared) lost(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	if s.degraded.CompareAndSwap(false, true) {
		s.cfg.Log.WarnContext(ctx, "redis failed, each instance has its part of the sources' rates", "err", err)
	}
	s.divide()
}

func (s *Shared) divide() {
	for _, source := range s.cfg.Sources {
		source.SetShare(1 / float64(s.cfg.Instances))
	}
}

// leave gives the shares back, so that others need not wait for their lease to end.
func (s *Shared) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for name := range s.cfg.Sources {
		if err := s.cfg.Redis.HDel(ctx, s.cfg.Prefix+name, s.id).Err(); err != nil {
			return // they end by themselves
		}
	}
}
