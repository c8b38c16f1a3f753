package world

// ticketTexts are what customers write and agents answer, in the language of the customer's country.
var ticketTexts = [...]*ticketText{
	MD: {
		hello: "Bună ziua,", bye: "Cu respect",
		subjects: []string{"Factura nu corespunde", "Când ajunge comanda?", "Imprimanta nu pornește", "Nu mă pot autentifica", "Rețeaua cade în fiecare dimineață", "Cerere de ofertă", "Lipsește o cutie din livrare", "Schimbarea adresei de livrare", "Termen de plată", "Eroare la export"},
		bodies:   []string{"Vă rog să verificați cât mai repede.", "Problema a apărut ieri după actualizare.", "Atașez documentul semnat și ștampilat.", "Am sunat de două ori, fără răspuns.", "Suma totală nu coincide cu cea din contract."},
		answers:  []string{"Am preluat cererea și revenim cu un răspuns astăzi.", "Coletul a plecat din depozit; AWB-ul urmează.", "Factura a fost corectată în contabilitate.", "Puteți încerca din nou, vă rog?"},
	},
	RO: {
		hello: "Stimată echipă,", bye: "Mulțumesc anticipat",
		subjects: []string{"Întârziere livrare", "Storno factură", "Garanție pentru monitor", "Switch-ul se restartează", "Acces VPN pentru un coleg nou", "Ofertă pentru 20 de laptopuri", "Proces-verbal de recepție", "Discount negociat lipsă", "Codul fiscal greșit pe factură", "Parolă expirată"},
		bodies:   []string{"Aștept confirmarea dumneavoastră.", "Situația se repetă din luna martie.", "Avem nevoie de o soluție până vineri.", "Produsul a ajuns cu ambalajul deteriorat."},
		answers:  []string{"Am deschis un dosar la furnizor.", "Creditul va apărea pe următoarea factură.", "Colegul nostru vă sună în această după-amiază.", "Am resetat accesul."},
	},
	RU: {
		hello: "Добрый день!", bye: "С уважением",
		subjects: []string{"Не открывается счёт", "Где мой заказ?", "Нужен акт сверки", "Сервер не отвечает", "Не проходит оплата", "Просьба изменить реквизиты", "Брак в поставке", "Нет доступа в личный кабинет", "Уточнение по НДС", "Щёлкает жёсткий диск"},
		bodies:   []string{"Просим разобраться в срочном порядке.", "Ошибка появляется после обновления.", "Документы отправили почтой, подтвердите получение.", "В накладной указано другое количество.", "Ждём ответа до конца недели."},
		answers:  []string{"Приняли в работу, ответим сегодня.", "Счёт перевыставлен, старый аннулирован.", "Груз передан перевозчику.", "Проверьте, пожалуйста, ещё раз."},
	},
	FR: {
		hello: "Bonjour,", bye: "Bien cordialement",
		subjects: []string{"Retard de livraison", "Erreur sur la facture", "L'imprimante réseau ne répond plus", "Demande de devis", "Accès refusé à l'espace client", "Colis endommagé", "Relevé d'identité bancaire modifié", "Où en est ma commande ?", "Garantie du commutateur", "TVA intracommunautaire"},
		bodies:   []string{"Merci de faire le nécessaire au plus tôt.", "Le problème est apparu hier à l'ouverture.", "Vous trouverez le bon de livraison ci-joint.", "Le montant ne correspond pas au devis accepté."},
		answers:  []string{"Votre demande est prise en charge.", "Un avoir sera émis cette semaine.", "Le transporteur repassera demain matin.", "Pouvez-vous réessayer, s'il vous plaît ?"},
	},
	BR: {
		hello: "Olá, equipe,", bye: "Atenciosamente",
		subjects: []string{"Boleto vencido", "Nota fiscal com CNPJ errado", "Pedido não chegou", "Sistema fora do ar", "Solicitação de orçamento", "Troca de mercadoria", "Não consigo acessar o portal", "Atraso na entrega", "Segunda via do boleto", "Divergência de valores"},
		bodies:   []string{"Precisamos de retorno ainda hoje.", "O erro começou após a atualização.", "Segue em anexo o comprovante de pagamento.", "A transportadora informou endereço incompleto."},
		answers:  []string{"Já estamos verificando com o financeiro.", "O boleto foi reemitido com novo vencimento.", "A coleta está agendada.", "Pode testar novamente, por favor?"},
	},
}
