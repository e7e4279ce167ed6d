package soap

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// hearing is a base transport that keeps the body of a request and answers none.
type hearing struct {
	body   string
	length int64
}

func (h *hearing) RoundTrip(req *http.Request) (*http.Response, error) {
	b, err := io.ReadAll(req.Body)
	h.body, h.length = string(b), req.ContentLength
	return nil, errors.Join(err, errors.New("heard"))
}

// Nothing but what goupnp writes behind the declaration is taken away, and the length is that of what is left.
func TestOneLine(t *testing.T) {
	const declared = `<?xml version="1.0"?>`
	for _, tt := range []struct{ body, want string }{
		{declared + "\n<a>b</a>", declared + "<a>b</a>"},
		{declared + "<a>b</a>", declared + "<a>b</a>"},
		{declared + "<a>x?>\ny</a>", declared + "<a>x?>\ny</a>"},
		{"<a>x?>\ny</a>", "<a>x?>\ny</a>"},
		{"", ""},
	} {
		req, err := http.NewRequestWithContext(t.Context(), "POST", "http://192.0.2.1/control", strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header["SOAPAction"] = []string{`"` + wanIP1 + `#GetExternalIPAddress"`}
		var h hearing
		if _, err := (&Transport{Base: &h}).RoundTrip(req); err == nil {
			t.Fatal("answered")
		}
		if h.body != tt.want || h.length != int64(len(tt.want)) {
			t.Errorf("%q of length %d, want %q", h.body, h.length, tt.want)
		}
	}
}
