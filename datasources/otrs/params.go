package otrs

// The parameters this connector sends. Any other would be ignored by a server
// that does not know it.
const (
	paramSession     = "SessionID"
	paramUser        = "UserLogin"
	paramPassword    = "Password"
	paramTicketID    = "TicketID"
	paramNumber      = "TicketNumber"
	paramCustomerRaw = "CustomerIDRaw"
	paramCustomer    = "CustomerID"
	paramStates      = "States"
	paramStateType   = "StateType"
	paramQueues      = "Queues"
	paramPriorities  = "Priorities"
	paramTypes       = "Types"
	paramField       = "DynamicField"
	paramLimit       = "Limit"
	paramSort        = "SortBy"
	paramOrder       = "OrderBy"
	paramArchive     = "SearchInArchive"

	paramDynamicFields = "DynamicFields"
	paramExtended      = "Extended"
	paramArticles      = "AllArticles"

	createdNewer = "TicketCreateTimeNewerDate"
	createdOlder = "TicketCreateTimeOlderDate"
	changedNewer = "TicketLastChangeTimeNewerDate"
	changedOlder = "TicketLastChangeTimeOlderDate"
)

// allTickets is the value of SearchInArchive that leaves none out.
const allTickets = "AllTickets"

// lookups are filters by name: the server answers {} as soon as one of the names
// is unknown, even when the others have tickets.
var lookups = [...]string{paramStates, paramQueues, paramPriorities, paramTypes}

// maxLookup is how many names such a filter may have to be worth sending.
const maxLookup = 20
