package operand

import (
	"math/rand/v2"
	"net/http"
)

// RandomDialect returns a dialect that is as good a guess at the real one as any other; the same seed gives the same one.
// No two fields of a resource share a name.
func RandomDialect(seed uint64) Dialect {
	r := rand.New(rand.NewPCG(seed, 0x6f706572616e64))
	d := Dialect{
		LoginPath:   pick(r, "", "/login", "/auth/login"),
		LoginParam:  pick(r, "", "tokenAccess", "token"),
		Login:       LoginShape(r.IntN(6)),
		AuthHeader:  pick(r, "", "Op-Auth-Token", "X-Op-Session"),
		DeadSession: pick(r, 0, http.StatusUnauthorized, http.StatusForbidden),
		LimitParam:  pick(r, "", "limit", "limite"), OffsetParam: pick(r, "", "offset", "inicio"),
		WindowLayout: pick(r, "", "2006-01-02", "02/01/2006"),
		Envelopes:    map[Resource]Envelope{}, Keys: map[Resource]string{}, Fields: map[Resource]map[string]string{},
		Portuguese: r.IntN(2) == 0, OrderNumberIn: pick(r, "", "documentNumber", "orderNumber"),
		Amounts: AmountStyle(r.IntN(4)), IDs: IDStyle(r.IntN(3)),
		DayLayout: pick(r, "", wallClock, "2006-01-02", "02/01/2006", "2006-01-02T15:04:05"), TimeLayout: pick(r, "", wallClock, "02/01/2006 15:04:05", "2006-01-02T15:04:05"),
		BlankDates: BlankStyle(r.IntN(3)), BlankTexts: BlankStyle(r.IntN(3)), Deleted: DeletedStyle(r.IntN(3)), HourTexts: r.IntN(2) == 0,
	}
	if r.IntN(2) == 0 {
		d.WindowFrom, d.WindowTo = "vencimentoDe", "vencimentoAte"
	}
	if r.IntN(3) == 0 {
		d.Statuses = [4]string{"ABERTO", "LIQUIDADO", "PAGO PARCIAL", "ESTORNADO"}
	}
	nested := pick(r, "", "", "", "client", "sacado")
	for _, resource := range Resources() {
		d.Envelopes[resource] = Envelope(r.IntN(6))
		if r.IntN(3) == 0 {
			d.Keys[resource] = pick(r, "rows", "lista", "result")
		}
		names := map[string]string{}
		d.Fields[resource] = names
		if resource == Clients { // the synonyms that the public client reads
			names["idClient"] = pick(r, "idClient", "id")
			names["namePerson"] = pick(r, "namePerson", "person", "oficialPerson")
		}
		if !resource.IsFinance() {
			continue
		}
		for _, field := range fields(resource) {
			if other := synonyms(field); len(other) > 0 && r.IntN(3) == 0 {
				names[field] = pick(r, other...)
			}
		}
		if nested != "" {
			names["partyId"], names["partyName"], names["partyTaxId"] = nested+".id", nested+".name", nested+".nationalDocument"
		}
	}
	return d
}

// synonyms are further names of a field; none is the name of another field in any language.
func synonyms(field string) []string {
	return map[string][]string{
		"id": {"idEntry", "codigo"}, "partyId": {"idClient", "idPessoa"}, "partyName": {"clientName", "nomeCliente"}, "partyTaxId": {"nationalDocument", "documento"},
		"description": {"memo", "historico"}, "documentNumber": {"docNumber", "numDoc"}, "orderNumber": {"order", "pedido"}, "invoiceNumber": {"nf", "numeroNF"},
		"issueDate": {"issuedAt", "emissao"}, "dueDate": {"expirationDate", "vencimento"}, "paymentDate": {"paidAt", "pagoEm"}, "amount": {"total", "valorTotal"},
		"paidAmount": {"totalPaid", "valorRecebido"}, "status": {"state", "estado"}, "category": {"chartOfAccounts", "categoria"}, "costCenter": {"cc", "centro"},
		"isDeleted": {"deleted", "removido"}, "boletoUrl": {"link", "linkBoleto"},
	}[field]
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }
