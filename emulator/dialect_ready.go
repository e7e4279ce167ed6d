package emulator

import (
	"reflect"
	"sync"
)

// dialect is a Dialect ready for use: its templates are taken apart. It is never changed, and knows nothing of one gateway.
type dialect struct {
	ssdp        ssdpDialect
	description descriptionDialect
	http        httpDialect
	soap        soapDialect
}

// newDialect makes d ready. All gateways that have none of their own share one.
func newDialect(d *Dialect) *dialect {
	if d.ideal() {
		return idealDialect()
	}
	return takeApart(d)
}

func (d *Dialect) ideal() bool { return reflect.ValueOf(d).Elem().IsZero() }

func takeApart(d *Dialect) *dialect {
	return &dialect{newSSDPDialect(d), newDescriptionDialect(&d.Description), newHTTPDialect(d), newSOAPDialect(&d.SOAP)}
}

var idealDialect = sync.OnceValue(func() *dialect { return takeApart(&Dialect{}) })

// server is what SERVER says in one place.
func (d *Dialect) server(here *string) string {
	switch {
	case here != nil:
		return *here
	case d.Server != nil:
		return *d.Server
	}
	return idealServer
}
