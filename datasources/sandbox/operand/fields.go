package operand

import "slices"

// Fields returns the fields of a resource in the order of the wire, by the names that a [Dialect] translates: those of
// wire/operand.md §2 for what the public client reads, those of §3's FinanceEntry for finance.
//
// Beside FinanceEntry's there are: situation and isDeleted (§4, A8), orderNumber, invoiceId and receivableId (the document it
// belongs to), ourNumber (nosso número of a boleto), instalment and instalments, method (Forma de pagamento).
func Fields(r Resource) []string { return slices.Clone(fields(r)) }

func fields(r Resource) []string {
	switch r {
	case Clients:
		return []string{"idClient", "idPerson", "namePerson", "nationalDocument", "situation", "totalJobs", "lateJobs", "isDeleted"}
	case Persons:
		return []string{"idPerson", "idClient", "namePerson", "nationalDocument", "email", "phone", "situation"}
	case Jobs:
		return []string{
			"id", "itemId", "title", "statusId", "statusName", "clientId", "projectId", "deadline", "createdAt", "updatedAt", "estimatedTime", "workedTime",
			"openedTasks", "closedTasks", "canceledTasks", "isDeleted", "taskType",
		}
	case Tasks:
		return []string{"id", "jobId", "title", "statusName", "deadline", "isDeleted"}
	case Projects:
		return []string{"id", "clientId", "title", "situation"}
	case Receivables, Payables:
		return []string{
			"id", "kind", "partyId", "partyName", "partyTaxId", "description", "documentNumber", "invoiceNumber", "invoiceId", "instalment", "instalments", "boletoUrl",
			"issueDate", "competenceDate", "dueDate", "paymentDate", "amount", "paidAmount", "currency", "status", "accountName", "costCenter", "category",
			"situation", "isDeleted",
		}
	case Invoices:
		return []string{
			"id", "partyId", "partyName", "partyTaxId", "description", "documentNumber", "orderNumber", "invoiceNumber", "issueDate", "competenceDate", "dueDate",
			"amount", "paidAmount", "currency", "status", "accountName", "costCenter", "category", "situation", "isDeleted",
		}
	case Boletos:
		return []string{
			"id", "receivableId", "invoiceId", "partyId", "partyName", "partyTaxId", "ourNumber", "boletoUrl", "issueDate", "dueDate", "paymentDate", "amount",
			"paidAmount", "currency", "status", "isDeleted",
		}
	case Payments:
		return []string{"id", "receivableId", "invoiceId", "partyId", "partyName", "partyTaxId", "dueDate", "paymentDate", "amount", "currency", "method", "accountName"}
	}
	return nil
}

// portuguese are a Brazilian's names of the finance fields, after the vendor's help pages (wire/operand.md §3).
func portuguese(r Resource, field string) string {
	if r == Payables {
		switch field {
		case "partyId":
			return "fornecedorId"
		case "partyName":
			return "fornecedor"
		}
	}
	return map[string]string{
		"kind": "tipo", "partyId": "clienteId", "partyName": "sacado", "partyTaxId": "cpfCnpj", "description": "descricao", "documentNumber": "numeroDocumento",
		"orderNumber": "numeroPedido", "invoiceNumber": "notaFiscal", "invoiceId": "faturaId", "receivableId": "lancamentoId", "instalment": "parcela",
		"instalments": "totalParcelas", "boletoUrl": "urlBoleto", "ourNumber": "nossoNumero", "issueDate": "dataEmissao", "competenceDate": "dataCompetencia",
		"dueDate": "dataVencimento", "paymentDate": "dataPagamento", "amount": "valor", "paidAmount": "valorPago", "currency": "moeda",
		"status": "statusFinanceiro", "accountName": "conta", "costCenter": "centroCusto", "category": "planoContas", "method": "formaPagamento",
		"situation": "situacao", "isDeleted": "excluido",
	}[field]
}

// Name returns the wire name of a field of a resource; "cliente.id" is the key id of the object cliente.
func (d Dialect) Name(r Resource, field string) string {
	if name, ok := d.Fields[r][field]; ok {
		return name
	}
	if d.Portuguese && r.IsFinance() {
		if name := portuguese(r, field); name != "" {
			return name
		}
	}
	return field
}
