package main

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/igdkit/igdkit/internal/capped"
	"github.com/igdkit/igdkit/internal/cli"
	"github.com/igdkit/igdkit/scenarios"
)

// route is one thing that the control API does. Help, methods and answers all come from the table of routes.
type route struct {
	method string
	path   string // as for http.ServeMux; {name} is a gateway's
	query  string // what may follow ?, for help
	body   string // what the request holds, for help; "": nothing
	about  string
	answer func(*call) (any, error)
}

// routes is the whole control API.
func routes() []route {
	return []route{
		{"GET", "/healthz", "", "", "that this process lives", health},
		{"GET", "/readyz", "", "", "that every gateway stands, and how many", ready},
		{"GET", "/v1/gateways", "", "", "the gateways", listGateways},
		{"POST", "/v1/gateways", "scenario=NAME&seed=N&count=N&wan=ADDR&clock=real|virtual", "a scenario, unless one is named", "play another scenario", addGateways},
		{"GET", "/v1/gateways/{name}", "", "", "one gateway", showGateway},
		{"DELETE", "/v1/gateways/{name}", "", "", "end it, and the other devices of its scenario", removeGateway},
		{"GET", "/v1/gateways/{name}/state", "", "", "what it is now", showState},
		{"GET", "/v1/gateways/{name}/mappings", "", "", "its port mappings", showMappings},
		{"DELETE", "/v1/gateways/{name}/mappings", "", "", "forget them, without a word to their clients", clearMappings},
		{"PUT", "/v1/gateways/{name}/wan", "", "address, event, status, link, wan", "change a connection to the Internet", putWAN},
		{"POST", "/v1/gateways/{name}/reboot", "", "byebye, new-ports, new-paths, new-udn, keep, downtime, bootid, alive", "restart it", reboot},
		{"GET", "/v1/gateways/{name}/clock", "", "", "its time", showClock},
		{"POST", "/v1/gateways/{name}/clock", "", "advance: DURATION", "move its virtual clock; what happened on the way", advance},
		{"POST", "/v1/gateways/{name}/do", "", "one action, as in a timeline", "let something happen to it", do},
		{"GET", "/v1/gateways/{name}/faults", "", "", "what it does wrong", listFaults},
		{"POST", "/v1/gateways/{name}/faults", "", "one fault or a list, as in scenarios", "let it do something else wrong", addFaults},
		{"DELETE", "/v1/gateways/{name}/faults", "", "", "let it do everything right", removeFaults},
		{"DELETE", "/v1/gateways/{name}/faults/{fault}", "", "", "let it do this right", removeFault},
		{"GET", "/v1/gateways/{name}/journal", "since=SEQ&wait=DURATION&follow", "", "what it saw after entry SEQ; waits for more, or goes on, as NDJSON", showJournal},
		{"POST", "/v1/gateways/{name}/verify", "", "expectations, or nothing for the scenario's", "which expectations are not met, and what came near", verify},
		{"POST", "/v1/gateways/{name}/reset", "", "", "begin again, with the others of its scenario: first ports, faults, seed, virtual time", reset},
	}
}

// routesHelp lists the API for people.
func routesHelp() string {
	var b strings.Builder
	for _, r := range routes() {
		fmt.Fprintf(&b, "  %-6s %-36s %s\n", r.method, r.path, r.about)
		if r.query != "" {
			fmt.Fprintf(&b, "           ?%s\n", r.query)
		}
		if r.body != "" {
			fmt.Fprintf(&b, "           body: %s\n", r.body)
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// call is one request to the API.
type call struct {
	*http.Request
	session *session
	gateway *gateway // of a path with {name}
	body    []byte
	w       http.ResponseWriter // of an answer that goes on
}

// maxBody bounds what a request holds. A scenario is the largest.
const maxBody = 1 << 20

// newAPI is the handler of all routes.
func newAPI(se *session) http.Handler {
	mux := http.NewServeMux()
	byPath := map[string]map[string]route{}
	for _, r := range routes() {
		if byPath[r.path] == nil {
			byPath[r.path] = map[string]route{}
		}
		byPath[r.path][r.method] = r
	}
	for path, methods := range byPath {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { serveRoute(se, methods, w, r) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeError(w, http.StatusNotFound, "no_such_path", fmt.Sprintf("there is nothing at %s", r.URL.Path),
			"begin at /v1/gateways; fakeigd serve --help lists the paths")
	})
	return mux
}

func serveRoute(se *session, methods map[string]route, w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	route, ok := methods[method]
	if !ok {
		allowed := allowedMethods(methods)
		w.Header().Set("Allow", allowed)
		writeError(w, http.StatusMethodNotAllowed, "method", fmt.Sprintf("%s cannot be done to %s", r.Method, r.URL.Path),
			"it takes "+allowed)
		return
	}
	c := &call{Request: r, session: se, w: w}
	answer, err := c.answerOf(route)
	if err != nil {
		e := refusalOf(err)
		writeError(w, e.status, e.kind, e.message, e.hint)
		return
	}
	if answer != nil { // otherwise it has been written
		status := http.StatusOK
		if a, ok := answer.(created); ok {
			answer, status = a.answer, http.StatusCreated
		}
		writeJSON(w, status, answer)
	}
}

// created is an answer with status 201.
type created struct{ answer any }

func allowedMethods(methods map[string]route) string {
	var all []string
	for m := range methods {
		all = append(all, m)
		if m == http.MethodGet {
			all = append(all, http.MethodHead)
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func (c *call) answerOf(r route) (any, error) {
	if name := c.PathValue("name"); name != "" {
		if c.gateway = c.session.find(name); c.gateway == nil {
			return nil, &refusal{http.StatusNotFound, "no_such_gateway", fmt.Sprintf("no gateway is called %q", name),
				"there is " + strings.Join(c.session.names(), ", ")}
		}
	}
	body, err := capped.Read(c.Body, maxBody)
	if e, ok := errors.AsType[*capped.TooLongError](err); ok {
		return nil, &refusal{http.StatusRequestEntityTooLarge, "usage", fmt.Sprintf("the request holds more than %d bytes", e.Most), ""}
	}
	switch {
	case err != nil:
		return nil, &refusal{http.StatusBadRequest, "usage", fmt.Sprintf("the request cannot be read: %v", err), ""}
	case len(body) > 0 && r.body == "":
		return nil, &refusal{http.StatusBadRequest, "usage", fmt.Sprintf("%s %s takes nothing to read", r.method, c.URL.Path), "send it without a body"}
	}
	c.body = body
	return r.answer(c)
}

// decode reads the body of c, in the words of scenarios. An empty one is the zero value.
func decode[T any](c *call) (T, error) {
	var v T
	if len(strings.TrimSpace(string(c.body))) == 0 {
		return v, nil
	}
	return scenarios.Decode[T]("body", c.body)
}

// refusal is an answer that something cannot be done.
type refusal struct {
	status              int
	kind, message, hint string
}

func (e *refusal) Error() string { return e.message }

// refusalOf makes a refusal of any error. What is wrong with a scenario or its parts, the caller can mend.
func refusalOf(err error) *refusal {
	if e, ok := errors.AsType[*refusal](err); ok {
		return e
	}
	if e, ok := errors.AsType[*failure](err); ok && e.exit == exitUsage {
		r := &refusal{http.StatusBadRequest, e.kind, e.message, ""}
		if len(e.hints) > 0 {
			r.hint = e.hints[0]
		}
		return r
	}
	if e, ok := errors.AsType[*scenarios.InvalidError](err); ok {
		return &refusal{http.StatusBadRequest, "invalid", e.Error(), "the words are those of scenarios; fakeigd scenarios schema lists them"}
	}
	return &refusal{http.StatusInternalServerError, "local", err.Error(), ""}
}

// badRequest is the refusal of something that can be mended.
func badRequest(hint, format string, args ...any) *refusal {
	return &refusal{http.StatusBadRequest, "usage", fmt.Sprintf(format, args...), hint}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = cli.WriteDocument(w, v, true) // an error means that the client has gone
}

func writeError(w http.ResponseWriter, status int, kind, message, hint string) {
	writeJSON(w, status, map[string]any{"error": failureJSON{Kind: kind, Message: cli.OneLine(message), Hint: hint}})
}
