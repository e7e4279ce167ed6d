package soap

import (
	"context"
	"io"
	"net"
	"reflect"
	"strings"
	"testing"

	"github.com/huin/goupnp"
	"github.com/huin/goupnp/dcps/internetgateway2"
	goupnpsoap "github.com/huin/goupnp/soap"
)

// TestOutArguments holds the table of out-arguments against every stub of goupnp for the gateway services. The device
// answers with all argument names in lower case: a stub that returns a zero value looked for another name, or in another
// place.
func TestOutArguments(t *testing.T) {
	for name, client := range stubs(nil) {
		typ := client.Type()
		for i := range typ.NumMethod() {
			method := typ.Method(i)
			action, isCtx := strings.CutSuffix(method.Name, "Ctx")
			if !isCtx || method.Type.NumIn() < 2 {
				continue
			}
			outs := outArguments(action)
			if want := method.Type.NumOut() - 1; len(outs) != want {
				t.Errorf("%s %s: %d out-arguments, goupnp has %d", name, action, len(outs), want)
				continue
			}
			if len(outs) == 0 {
				continue
			}
			t.Run(name+" "+action, func(t *testing.T) {
				results, rec := callStub(t, name, method.Name, action, func(o out) (string, string) {
					v := map[kind]string{text: " t ", word: "w", boolean: "TRUE", ui2: "65535", ui4: "4294967295", ui8: "4294967296"}[o.kind]
					return strings.ToLower(o.name), v
				})
				for i, r := range results {
					if r.IsZero() || rec.Unknown(outs[i].name) {
						t.Errorf("%s is lost", outs[i].name)
					}
				}
				results, rec = callStub(t, name, method.Name, action, func(o out) (string, string) { return o.name, "?" })
				for i, o := range outs {
					if unreadable := o.kind != text && o.kind != word; rec.Unknown(o.name) != unreadable {
						t.Errorf("%s: unknown is %v", o.name, !unreadable)
					}
					if o.kind == ui4 && results[i].IsZero() {
						t.Errorf("%s: an unreadable value became 0", o.name)
					}
				}
			})
		}
	}
}

// stubs are goupnp's clients of the gateway services by service type.
func stubs(c *goupnpsoap.SOAPClient) map[string]reflect.Value {
	base := goupnp.ServiceClient{SOAPClient: c}
	return map[string]reflect.Value{
		"WANIPConnection:1":          reflect.ValueOf(&internetgateway2.WANIPConnection1{ServiceClient: base}),
		"WANIPConnection:2":          reflect.ValueOf(&internetgateway2.WANIPConnection2{ServiceClient: base}),
		"WANPPPConnection:1":         reflect.ValueOf(&internetgateway2.WANPPPConnection1{ServiceClient: base}),
		"WANCommonInterfaceConfig:1": reflect.ValueOf(&internetgateway2.WANCommonInterfaceConfig1{ServiceClient: base}),
		"Layer3Forwarding:1":         reflect.ValueOf(&internetgateway2.Layer3Forwarding1{ServiceClient: base}),
		"WANIPv6FirewallControl:1":   reflect.ValueOf(&internetgateway2.WANIPv6FirewallControl1{ServiceClient: base}),
	}
}

// callStub calls a method with arguments that goupnp accepts, against a device that answers each out-argument as told.
func callStub(t *testing.T, service, method, action string, say func(out) (name, value string)) ([]reflect.Value, *Recording) {
	t.Helper()
	var args []Arg
	for _, o := range outArguments(action) {
		name, value := say(o)
		args = append(args, Arg{name, value})
	}
	answer := WriteResponse("urn:schemas-upnp-org:service:"+service, action, args)
	d := startDevice(t, func(_ *device, c net.Conn) { io.WriteString(c, ok(string(answer))) })
	client := goupnpsoap.NewSOAPClient(d.URL)
	client.HTTPClient.Transport = new(Transport)
	m := stubs(client)[service].MethodByName(method)
	ctx, rec := Record(context.Background())
	in := []reflect.Value{reflect.ValueOf(ctx)}
	for i := 1; i < m.Type().NumIn(); i++ {
		in = append(in, reflect.Zero(m.Type().In(i)))
	}
	results := m.Call(in)
	last := len(results) - 1
	if err, _ := results[last].Interface().(error); err != nil {
		t.Fatal(rec.Err(err))
	}
	return results[:last], rec
}

func TestAddAnyNamesExternalPort(t *testing.T) {
	d := startDevice(t, says(ok(envBegin+`<u:AddAnyPortMappingResponse xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:2"><NewExternalPort>8081</NewExternalPort></u:AddAnyPortMappingResponse>`+envEnd)))
	client := goupnpsoap.NewSOAPClient(d.URL)
	client.HTTPClient.Transport = new(Transport)
	ctx, rec := Record(t.Context())
	port, err := (&internetgateway2.WANIPConnection2{ServiceClient: goupnp.ServiceClient{SOAPClient: client}}).
		AddAnyPortMappingCtx(ctx, "", 8080, "TCP", 80, "192.168.1.10", true, "web", 3600)
	if err != nil || port != 8081 || rec.Unknown("NewReservedPort") {
		t.Errorf("%d, %v, unknown %v", port, rec.Err(err), rec.Unknown("NewReservedPort"))
	}
	if q := rec.Quirks(); len(q) != 1 || q[0] != AddAnyNamesExternalPort {
		t.Errorf("quirks %q", q)
	}
}
