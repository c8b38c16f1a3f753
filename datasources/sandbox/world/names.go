package world

import "strings"

// Word lists. A company's name is one of first × one of second, in a permuted order, so that no two companies of a country
// share a name; when the pairs are used up the list of places is added.
type nameLists struct {
	first, second, places []string
	forms                 []string
	weights               []int
	men, women, surnames  []string
	cities                []city
	streets               []string
	jobs                  []string
	domain                string
	phone                 string
	country               string
}

type city struct{ name, region, zip string }

// lists are by Country.
var lists = [...]*nameLists{
	MD: {
		first: words(`Vinăria Agro Codru-Agro Moara Livada Panificația Transport Construct Auto Eco Electro Farmacia Tipografia Mobila Nord Sud
			Prut Nistru Bucuria Floarea Zorile Atelierul Lux Grand Euro Moldo Bio Alfa Delta Orhei Tehno Consult Credit Casa Fabrica
			Tutun Carne Lapte Izvorul Stejarul Granit Beton Metal Sticla Lemn Textil Confecții Dulciuri Apa Cereale Semințe`),
		second: words(`Codrilor Basarabiei Nistreană Valea-Albă Mare-Vin Popovici Rusu Ceban Munteanu Cojocaru Lungu Botnaru Ciobanu Sîrbu Țurcanu
			Plămădeală Grâu Soare Lunca Câmpia Dumbrava Cetatea Plai Izvoare Hora Service Trade Comerț Miorița Prim Expert Nova Vest Est
			Colina Podgoria Hâncești Trinca Bardar Cricova Purcari Lăpușna Ștefan Mușat Drăgaica Mărțișor Sălcuța Țipova Ișnovăț`),
		places: words(`Chișinău Bălți Cahul Orhei Soroca Ungheni Comrat Edineț Hîncești Strășeni Florești Drochia`),
		forms:  words(`SRL SA ÎI ÎS GȚ`), weights: []int{80, 10, 5, 2, 3},
		men:      words(`Ion Vasile Andrei Sergiu Mihai Alexandru Nicolae Dumitru Victor Gheorghe Vadim Petru Ștefan Igor Valeriu`),
		women:    words(`Elena Natalia Maria Ana Tatiana Olga Cristina Diana Mariana Doina Ludmila Veronica Aliona Irina`),
		surnames: words(`Rusu Ceban Ciobanu Țurcanu Cojocaru Moraru Lungu Munteanu Botnaru Sîrbu Gîscă Popa Rotaru Guțu Plămădeală Vrabie Croitoru Bejan Ursu Cebotari`),
		cities:   []city{{"Chișinău", "mun. Chișinău", "MD-2001"}, {"Bălți", "mun. Bălți", "MD-3100"}, {"Cahul", "r. Cahul", "MD-3901"}, {"Orhei", "r. Orhei", "MD-3505"}, {"Soroca", "r. Soroca", "MD-3001"}, {"Ungheni", "r. Ungheni", "MD-3606"}, {"Comrat", "UTA Găgăuzia", "MD-3801"}, {"Tiraspol", "", "MD-3300"}},
		streets:  []string{"str. Ștefan cel Mare", "str. Mihai Eminescu", "bd. Dacia", "str. Alba Iulia", "str. Pușkin", "str. Columna", "str. 31 August 1989", "str. Calea Ieșilor"},
		jobs:     []string{"Director", "Contabil-șef", "Manager achiziții", "Administrator", "Inginer"},
		domain:   "example.md", phone: "+373", country: "Moldova",
	},
	RO: {
		first: words(`Tehno Agro Auto Construct Electro Euro Trans Romvest Carpat Danubius Transilvania Dacia Bucovina Banat Oltenia Dobrogea Terra Nova Star
			Prima Smart Inter Pan Global Metal Lemn Mobila Panificația Lactate Viticola Pescăria Hidro Termo Instal Softwin Net Media Foto
			Tipo Editura Farmacia Medica Optica Dental Vet Zoo Flora Horti Silva Moara`),
		second: words(`Ionescu Popescu Dumitrescu Georgescu Stoica Constantinescu Marinescu Câmpulung Brașov Mureș Someș Olt Argeș Bega Crișana Vrancea Bihor Făgăraș
			Piatra Stâncă Rază Zimbru Șoim Vultur Ursul Cerb Brad Fag Stejar Ulm Impex Prodcom Serv Distribuție Logistic Proiect Sistem
			Solutions Consulting Partners Invest Grup Plus Expres Total Activ Maxim Optim Integral Universal Internațional`),
		places: words(`București Cluj Iași Timișoara Constanța Craiova Brașov Galați Ploiești Oradea Sibiu Bacău Arad Pitești`),
		forms:  words(`SRL SA SRL-D SNC`), weights: []int{82, 12, 4, 2},
		men:      words(`Andrei Alexandru Mihai Ioan Gheorghe Radu Bogdan Ștefan Cristian Florin Vlad Marius Adrian Răzvan`),
		women:    words(`Maria Elena Ioana Andreea Mihaela Ana Gabriela Alina Simona Raluca Oana Roxana Daniela`),
		surnames: words(`Popescu Ionescu Popa Dumitru Stan Stoica Gheorghe Matei Ciobanu Constantin Marin Rusu Munteanu Șerban Dinu Bălan Tănase Năstase Țăranu Crăciun`),
		cities:   []city{{"București", "Sector 3", "030167"}, {"Cluj-Napoca", "Cluj", "400001"}, {"Iași", "Iași", "700028"}, {"Timișoara", "Timiș", "300001"}, {"Brașov", "Brașov", "500001"}, {"Constanța", "Constanța", "900001"}, {"Galați", "Galați", "800008"}, {"Sibiu", "Sibiu", "550001"}},
		streets:  []string{"Str. Avram Iancu", "Bd. Unirii", "Str. Mihai Viteazul", "Calea Victoriei", "Str. Republicii", "Str. Nicolae Bălcescu", "Șos. Păcurari"},
		jobs:     []string{"Director general", "Director economic", "Responsabil achiziții", "Contabil", "Inginer IT"},
		domain:   "example.ro", phone: "+40", country: "România",
	},
	RU: {
		first: splitComma(`Торговый дом,Строй,Техно,Агро,Пром,Метал,Нефте,Хим,Транс,Авто,Энерго,Электро,Гидро,Лес,Мебель,Продукт,Медиа,Софт,Инфо,Фарм,Ювелир,Завод,
			Комбинат,Фабрика,Мастерская,Центр,Компания,Группа,Бюро,Верфь,Типография,Издательство,Хлебозавод,Молокозавод,Птицефабрика,Питомник,
			Научный центр,Конструкторское бюро,Сервис,Альянс,Гарант,Первая`),
		second: splitComma(`Вектор,Восход,Заря,Маяк,Прогресс,Орион,Сириус,Вега,Полюс,Меридиан,Горизонт,Байкал,Волга,Урал,Енисей,Нева,Кама,Алтай,Сибирь,Кавказ,
			Кристалл,Алмаз,Рубин,Изумруд,Янтарь,Гранит,Базальт,Титан,Радуга,Родник,Берёзка,Ромашка,Сокол,Беркут,Медведь,Соболь,Лидер,Фортуна,
			Надежда,Виктория,Щит,Юпитер,Жемчужина,Чайка,Эталон,Якорь`),
		places: splitComma(`Москва,Казань,Самара,Пермь,Омск,Уфа,Тула,Рязань,Тверь,Курск,Псков,Томск,Саратов,Воронеж`),
		forms:  splitComma(`ООО,АО,ПАО,ЗАО,ИП`), weights: []int{74, 8, 2, 4, 12},
		men:      splitComma(`Иван,Сергей,Алексей,Дмитрий,Андрей,Николай,Михаил,Владимир,Павел,Юрий,Олег,Виктор,Евгений,Константин,Фёдор`),
		women:    splitComma(`Анна,Елена,Ольга,Наталья,Мария,Светлана,Ирина,Татьяна,Юлия,Екатерина,Людмила,Ксения`),
		surnames: splitComma(`Иванов,Смирнов,Кузнецов,Соколов,Попов,Лебедев,Козлов,Новиков,Морозов,Волков,Соловьёв,Васильев,Зайцев,Павлов,Семёнов,Голубев,Виноградов,Богданов,Воробьёв,Щербаков,Журавлёв,Юдин,Чернышёв,Шестаков`),
		cities:   []city{{"Москва", "г. Москва", "101000"}, {"Санкт-Петербург", "г. Санкт-Петербург", "190000"}, {"Казань", "Республика Татарстан", "420000"}, {"Екатеринбург", "Свердловская обл.", "620000"}, {"Новосибирск", "Новосибирская обл.", "630000"}, {"Майкоп", "Республика Адыгея", "385000"}, {"Самара", "Самарская обл.", "443000"}},
		streets:  []string{"ул. Ленина", "ул. Гагарина", "пр-т Мира", "ул. Садовая", "ул. Пушкина", "наб. реки Мойки", "ул. Заводская", "1-й Щёлковский пер."},
		jobs:     []string{"Генеральный директор", "Главный бухгалтер", "Менеджер по закупкам", "Инженер", "Юрист"},
		domain:   "example.ru", phone: "+7", country: "Россия",
	},
	FR: {
		first: splitComma(`Ateliers,Transports,Boulangerie,Menuiserie,Établissements,Société Nouvelle,Fromagerie,Charpente,Électricité,Plomberie,Imprimerie,Librairie,Garage,
			Pépinières,Domaine,Château,Maison,Cabinet,Agence,Comptoir,Fonderie,Serrurerie,Carrelages,Peintures,Couverture,Maçonnerie,Optique,
			Pharmacie,Laboratoires,Conserverie,Brasserie,Cidrerie,Distillerie,Verrerie,Tonnellerie,Scierie,Manufacture,Papeterie,Quincaillerie,Groupe`),
		second: splitComma(`Martin,Dubois,Lefèvre,Moreau,Girard,Bonnet,Rousseau,Mercier,Garnier,Faure,Chevalier,Gautier,Perrin,Clément,Morel,Béranger,Français,Lemaître,
			Prévost,Cœur,du Rhône,de la Loire,des Alpes,du Jura,de l'Ouest,du Midi,de Bretagne,d'Alsace,des Vosges,du Périgord,de Provence,
			du Nord,des Landes,d'Anjou,de Sologne,du Morvan,des Flandres,du Béarn,de Gascogne,& Fils,& Associés,Réunis,Frères,Père et Fils`),
		places: splitComma(`Lyon,Nantes,Lille,Rennes,Dijon,Angers,Nîmes,Reims,Metz,Caen,Pau,Brest,Tours`),
		forms:  words(`SARL SAS SASU EURL SA SNC SCI`), weights: []int{45, 32, 8, 7, 4, 2, 2},
		men:      words(`Jean Pierre Michel Philippe Nicolas François Julien Thomas Stéphane Rémi Benoît Jérôme`),
		women:    words(`Marie Nathalie Isabelle Sylvie Camille Hélène Céline Aurélie Zoé Margaux Françoise Élodie`),
		surnames: words(`Martin Bernard Dubois Thomas Robert Petit Durand Leroy Moreau Lefèvre Fournier Girard Bonnet Dupont Lambert Rousseau Müller Noël Gérard Schaeffer`),
		cities:   []city{{"Lyon", "Auvergne-Rhône-Alpes", "69003"}, {"Nantes", "Pays de la Loire", "44000"}, {"Lille", "Hauts-de-France", "59000"}, {"Strasbourg", "Grand Est", "67000"}, {"Bordeaux", "Nouvelle-Aquitaine", "33000"}, {"Bourg-en-Bresse", "Auvergne-Rhône-Alpes", "01000"}, {"Toulouse", "Occitanie", "31000"}},
		streets:  []string{"rue de la République", "avenue Jean-Jaurès", "boulevard Gambetta", "rue de l'Église", "place du Marché", "ZI des Chênes", "chemin des Prés"},
		jobs:     []string{"Gérant", "Directrice financière", "Responsable achats", "Comptable", "Chef d'atelier"},
		domain:   "example.fr", phone: "+33", country: "France",
	},
	BR: {
		first: splitComma(`Comércio de Alimentos,Agência,Construções,Transportes,Padaria,Farmácia,Móveis,Calçados,Confecções,Tecnologia,Informática,Distribuidora,Indústria,
			Metalúrgica,Gráfica,Editora,Cerâmica,Laticínios,Usina,Fazenda,Café,Cervejaria,Auto Peças,Materiais Elétricos,Clínica,Laboratório,
			Escola,Livraria,Ótica,Produtora,Estúdio,Logística,Engenharia,Consultoria,Papelaria,Panificadora,Mercearia,Vidraçaria`),
		second: splitComma(`Silva,Souza,Oliveira,Santos,Pereira,Lima,Carvalho,Almeida,Ribeiro,Gonçalves,Araújo,Conceição,São Jorge,São João,Santa Luzia,Boa Vista,Bela Vista,
			Ipê,Jacarandá,Ipanema,Copacabana,Guarujá,Paulista,Mineira,Gaúcha,Baiana,Nordestina,Amazônia,Pantanal,Cerrado,Horizonte,Estrela do Sul,
			Três Irmãos,Irmãos Costa,União,Progresso,Aliança,Avenida,Central,Atlântica,Maracanã,Sabiá,Arara Azul`),
		places: splitComma(`São Paulo,Curitiba,Recife,Salvador,Manaus,Belém,Goiânia,Campinas,Santos,Fortaleza,Maceió`),
		forms:  words(`Ltda S/A ME EPP EIRELI`), weights: []int{70, 8, 10, 6, 6},
		men:      words(`João José Antônio Francisco Carlos Paulo Pedro Lucas Luiz Marcos Luís Gabriel Rafael André`),
		women:    words(`Maria Ana Francisca Antônia Adriana Juliana Márcia Fernanda Patrícia Aline Júlia Letícia Conceição`),
		surnames: splitComma(`Silva,Santos,Oliveira,Souza,Rodrigues,Ferreira,Alves,Pereira,Lima,Gomes,Costa,Ribeiro,Martins,Carvalho,Almeida,Lopes,Araújo,Gonçalves,da Conceição,Magalhães`),
		cities:   []city{{"São Paulo", "SP", "01310-100"}, {"Rio de Janeiro", "RJ", "20040-002"}, {"Belo Horizonte", "MG", "30130-010"}, {"Curitiba", "PR", "80010-000"}, {"Porto Alegre", "RS", "90010-000"}, {"Recife", "PE", "50010-000"}, {"Goiânia", "GO", "74003-010"}},
		streets:  []string{"Av. Paulista", "Rua das Flores", "Av. Brasil", "Rua XV de Novembro", "Rua São Bento", "Av. Getúlio Vargas", "Praça da Sé"},
		jobs:     []string{"Diretor", "Gerente financeiro", "Comprador", "Contadora", "Analista de TI"},
		domain:   "example.com.br", phone: "+55", country: "Brasil",
	},
}

var patronymics = splitComma(`Иванович,Сергеевич,Алексеевич,Дмитриевич,Андреевич,Николаевич,Михайлович,Владимирович,Павлович,Юрьевич,Олегович,Викторович,Фёдорович,Петрович`)

func words(s string) []string { return strings.Fields(s) }

func splitComma(s string) []string {
	parts := strings.Split(s, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

// companyName returns the name of the country's ordinal-th company; different ordinals give different names.
func companyName(l *nameLists, ordinal int) string {
	pairs := len(l.first) * len(l.second)
	at, level := ordinal%pairs, ordinal/pairs
	at = (at*permuter(pairs) + 17) % pairs
	name := join(l.first[at%len(l.first)], l.second[at/len(l.first)])
	switch {
	case level == 0:
		return name
	case level <= len(l.places):
		return name + " " + l.places[level-1]
	default: // worlds beyond any the demo builds
		level -= len(l.places) + 1
		return name + " " + l.places[level%len(l.places)] + " " + itoa(level/len(l.places)+2)
	}
}

// join puts two words together as the languages do: «Техно» + «Вектор» is one word, most others are two.
func join(a, b string) string {
	switch a {
	case "Строй", "Техно", "Агро", "Пром", "Метал", "Нефте", "Хим", "Транс", "Авто", "Энерго", "Электро", "Гидро", "Инфо", "Фарм":
		return a + strings.ToLower(b)
	}
	return a + " " + b
}

// permuter returns a multiplier coprime with n.
func permuter(n int) int {
	m := n*618/1000 | 1
	for gcd(m, n) != 1 {
		m += 2
	}
	return m
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

var cyrillic = map[rune]string{
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'д': "d", 'е': "e", 'ё': "yo", 'ж': "zh", 'з': "z", 'и': "i", 'й': "y", 'к': "k", 'л': "l", 'м': "m",
	'н': "n", 'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ф': "f", 'х': "kh", 'ц': "ts", 'ч': "ch", 'ш': "sh", 'щ': "shch",
	'ъ': "", 'ы': "y", 'ь': "", 'э': "e", 'ю': "yu", 'я': "ya",
}

var folds = map[rune]string{
	'ă': "a", 'â': "a", 'î': "i", 'ș': "s", 'ş': "s", 'ț': "t", 'ţ': "t", 'á': "a", 'à': "a", 'ã': "a", 'ä': "a", 'é': "e", 'è': "e", 'ê': "e", 'ë': "e",
	'í': "i", 'ï': "i", 'ó': "o", 'ô': "o", 'õ': "o", 'ö': "o", 'ú': "u", 'ü': "u", 'û': "u", 'ù': "u", 'ç': "c", 'ñ': "n", 'œ': "oe", 'ÿ': "y",
}

// latin writes s in Latin letters without diacritics.
func latin(s string) string {
	var b strings.Builder
	for _, r := range s {
		low := []rune(strings.ToLower(string(r)))[0]
		to, ok := cyrillic[low]
		if !ok {
			to, ok = folds[low]
		}
		switch {
		case !ok:
			b.WriteRune(r)
		case low != r && to != "":
			b.WriteString(strings.ToUpper(to[:1]) + to[1:])
		default:
			b.WriteString(to)
		}
	}
	return b.String()
}

// toCyrillic writes a Romanian name the way a Russian-speaking bookkeeper does.
func toCyrillic(s string) string {
	return cyrillicReplacer.Replace(strings.ToLower(latin(s)))
}

var cyrillicReplacer = strings.NewReplacer(
	"che", "ке", "chi", "ки", "ghe", "ге", "ghi", "ги", "ce", "че", "ci", "чи", "ge", "дже", "gi", "джи",
	"a", "а", "b", "б", "c", "к", "d", "д", "e", "е", "f", "ф", "g", "г", "h", "х", "i", "и", "j", "ж", "k", "к", "l", "л", "m", "м", "n", "н",
	"o", "о", "p", "п", "q", "к", "r", "р", "s", "с", "t", "т", "u", "у", "v", "в", "w", "в", "x", "кс", "y", "й", "z", "з")

// slug is the name as it stands in a domain: latin letters and digits only.
func slug(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(latin(s)) {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && (r == ' ' || r == '-'):
			b.WriteByte('-')
		}
	}
	return strings.Trim(strings.ReplaceAll(b.String(), "--", "-"), "-")
}
