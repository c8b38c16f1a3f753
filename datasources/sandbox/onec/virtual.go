package onec

import (
	"strings"

	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
)

// virtual answers the virtual tables of registers. Only the rates have any rows; accumulation registers answer empty
// lists, and a table that a register lacks is an unknown method.
func (s *Server) virtual(t *odatafake.Table, tail string, params []odatafake.Param, q query) (reply, *fault) {
	name, args, _ := strings.Cut(tail, "(")
	args = strings.TrimSuffix(args, ")")
	missing := bad(6, "Метод не найден: "+name)
	switch {
	case strings.HasPrefix(t.Name, "AccumulationRegister_") && (name == "Balance" || name == "Turnovers" || name == "BalanceAndTurnovers"):
	case strings.HasPrefix(t.Name, "InformationRegister_") && (name == "SliceLast" || name == "SliceFirst"):
	default:
		return reply{}, missing
	}
	var period *odatafake.Value
	var condition *odatafake.Filter
	if strings.TrimSpace(args) != "" {
		for _, arg := range odatafake.Split(args, ',') {
			key, text, _ := strings.Cut(strings.TrimSpace(arg), "=")
			e, err := odatafake.Parse(text, dialect)
			if err != nil {
				return reply{}, mistake(err, t.Name)
			}
			lit, ok := e.(*odatafake.Lit)
			if !ok {
				return reply{}, bad(12, "Неверный аргумент \""+key+"\"")
			}
			switch {
			case key == "Period" && lit.Value.Kind == odatafake.KindTime:
				period = &lit.Value
			case key == "Condition" && lit.Value.Kind == odatafake.KindString:
				// The quotes within the condition were doubled, and reading the literal has halved them.
				if condition, err = t.Bind(lit.Value.S, dialect); err != nil {
					return reply{}, mistake(err, t.Name)
				}
			case strings.HasSuffix(key, "Period") || key == "Dimensions":
			default:
				return reply{}, bad(12, "Неверный аргумент \""+key+"\"")
			}
		}
	}
	o, f := s.options(t, params, q, false)
	if f != nil {
		return reply{}, f
	}
	if len(o.order) == 0 {
		o.order, _ = t.BindOrder("Period", dialect)
	}
	var rows []int32
	if t.Name == setRates {
		rows = s.slice(t, name == "SliceLast", period, condition, o)
	}
	return s.collection(t, odatafake.RowsOf(rows), o, q), nil
}

// slice returns, for each currency, the last row not after the period or the first not before it.
func (s *Server) slice(t *odatafake.Table, last bool, period *odatafake.Value, condition *odatafake.Filter, o options) []int32 {
	when, currency := t.Column("Period"), t.Column("Валюта_Key")
	best := map[string]int{}
	var order []string
	for r := range t.Len() { // by currency, then by time
		at := when.Get(r).N
		if period != nil && (last && at > period.N || !last && at < period.N) || condition != nil && !condition.Match(r) {
			continue
		}
		key := currency.Get(r).S
		have, ok := best[key]
		if !ok {
			order = append(order, key)
		}
		if !ok || last == (at > when.Get(have).N) {
			best[key] = r
		}
	}
	var rows []int32
	for _, key := range order {
		if r := best[key]; o.filter == nil || o.filter.Match(r) {
			rows = append(rows, int32(r))
		}
	}
	return rows
}
