// Package rest connects any system with a JSON interface over HTTP by
// configuration alone: paths, methods, envelopes, failures within a 200, paging,
// credentials, where each column may stand and how numbers, dates and statuses
// are written. The presets ecolix and operand build a Config and nothing else. It
// is called by the catalogue of datasources; it reads only, and knows neither
// policies nor GraphQL.
//
// Login. None, a header, bearer, basic, a query's parameter, or a session: one
// exchange whose token goes into a header. 401 and 403 of a session mean one new
// login and one replay.
//
// Limits. One agreed rate for the whole source (wire), a queue of Concurrency, a
// bound on each reply. Lists are read page by page; a list that repeats a page,
// ignores its offset or never ends is ended, counted and said to be doubtful.
//
// Failures. A 200 whose body says that the call failed (Reply.SuccessAt, ErrorAt)
// is SOURCE_UNAVAILABLE and repeated: nobody can tell a refusal from a breakdown
// by it, and an error may not look like "there is nothing". The same body with a
// 4xx is a refusal, SOURCE_INVALID, and not repeated. HTML with a 200, half a body
// and a body without a list are SOURCE_INVALID.
//
// Live or copied. A source can be asked live when every entity says how many of
// its records are asked for at once (Entity.Keys, Relations), see
// Config.CanLive. All others are read whole by Scan, for a copy.
//
// What cannot be taken as it is (an ambiguous decimal, the 31st of February, a
// status nobody declared) is counted by entity, field and kind, and told by
// Problems; see package mapping.
//
// Missing: writing, following changes (SinceParam is declared only), links to the
// next page, OAuth grants, XML.
package rest
