package ecolix

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/datasources/rest"
)

// Deps is what the source is given beside its config, as in rest.
type Deps = rest.Deps

// Open makes the source. It makes no call.
func Open(ctx context.Context, cfg Config, deps Deps) (datasources.Source, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	deps.Kind = "ecolix"
	return rest.Open(ctx, cfg.settings(), deps)
}

// String shows no secret.
func (c Config) String() string { return fmt.Sprintf("ecolix %s at %s", c.Name, wire.Redact(c.URL)) }

// GoString shows no secret.
func (c Config) GoString() string { return c.String() }

// LogValue shows no secret.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }
