package odata

import "github.com/trama-graph/trama/datasources"

var _ datasources.Paced = (*source)(nil)

// Demand implements datasources.Paced.
func (s *source) Demand() datasources.Demand { return s.client.wire.Demand() }

// SetShare implements datasources.Paced.
func (s *source) SetShare(share float64) { s.client.wire.SetShare(share) }
