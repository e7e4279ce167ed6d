package soap

import (
	"bytes"
	"io"
	"net/http"
)

// onOneLine is req without the line break that goupnp writes behind the XML declaration: some routers take none between tags (quirk
// soap-newlines-rejected).
func onOneLine(req *http.Request) (*http.Request, error) {
	if req.Body == nil {
		return req, nil
	}
	body, err := io.ReadAll(req.Body)
	req.Body.Close()
	if err != nil {
		return nil, err
	}
	if declaration, rest, found := bytes.Cut(body, []byte("?>\n")); found && bytes.HasPrefix(body, []byte("<?xml ")) && bytes.LastIndexByte(declaration, '<') == 0 {
		body = append(append(declaration[:len(declaration):len(declaration)], "?>"...), rest...)
	}
	out := req.Clone(req.Context())
	out.Body, out.GetBody, out.ContentLength = io.NopCloser(bytes.NewReader(body)), nil, int64(len(body))
	return out, nil
}
