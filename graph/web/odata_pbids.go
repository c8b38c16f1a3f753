package web

import (
	"encoding/json"
	"net/http"

	"github.com/trama-graph/trama/graph/odata"
)

// pbidsName is the file by which Power BI Desktop opens the feed.
const pbidsName = "trama.pbids"

// pbids answers a connection file of Power BI: the address, and nothing else. Who opens
// it is asked for his token there.
func (f *feed) pbids(w http.ResponseWriter, r *http.Request) {
	if err := odata.NoOptions(r.URL.RawQuery, pbidsName, odata.Limits{}); err != nil {
		f.failed(w, r, f, err)
		return
	}
	type address struct {
		URL string `json:"url"`
	}
	type details struct {
		Protocol string  `json:"protocol"`
		Address  address `json:"address"`
	}
	type connection struct {
		Details details  `json:"details"`
		Options struct{} `json:"options"`
		Mode    string   `json:"mode"`
	}
	body, err := json.MarshalIndent(struct {
		Version     string       `json:"version"`
		Connections []connection `json:"connections"`
	}{"0.1", []connection{{Details: details{"odata", address{f.base}}, Mode: "Import"}}}, "", "  ")
	if err != nil {
		f.failed(w, r, f, err)
		return
	}
	w.Header().Set("Content-Disposition", `attachment; filename="`+pbidsName+`"`)
	to, free := f.sinkTo(w, r, nil, true)
	defer free()
	if err := to.text("application/json", append(body, '\n')); err != nil {
		f.broken(r, to.bytes, err)
	}
}
