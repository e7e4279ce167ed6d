package soap_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/huin/goupnp"
	"github.com/huin/goupnp/dcps/internetgateway2"
	goupnpsoap "github.com/huin/goupnp/soap"

	"github.com/igdkit/igdkit/soap"
)

// A goupnp client reads a router that declares the wrong encoding and misspells the envelope's namespace.
func ExampleTransport() {
	router := router(http.StatusOK, `<?xml version="1.0" encoding="UTF8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope"><s:Body>`+
		`<u:GetExternalIPAddressResponse xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:1"><NewExternalIPAddress> 203.0.113.7 </NewExternalIPAddress>`+
		`</u:GetExternalIPAddressResponse></s:Body></s:Envelope>`)
	defer router.Close()

	client := goupnpClient(router.URL)
	client.SOAPClient.HTTPClient.Transport = &soap.Transport{}

	ctx, rec := soap.Record(context.Background())
	ip, err := client.GetExternalIPAddressCtx(ctx)
	fmt.Println(ip, err)
	for _, id := range rec.Quirks() {
		fmt.Println(id)
	}
	// Output:
	// 203.0.113.7 <nil>
	// soap-envelope-ns
	// soap-value-blanks
	// xml-encoding-name
}

// The cause of a failed call, which goupnp flattens to text.
func ExampleRecord() {
	router := router(http.StatusInternalServerError, `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>`+
		`<faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail><UPnPError xmlns="urn:schemas-upnp-org:control-1-0">`+
		`<errorCode>725</errorCode><errorDescription>only static</errorDescription></UPnPError></detail></s:Fault></s:Body></s:Envelope>`)
	defer router.Close()

	client := goupnpClient(router.URL)
	client.SOAPClient.HTTPClient.Transport = &soap.Transport{}

	ctx, rec := soap.Record(context.Background())
	err := client.AddPortMappingCtx(ctx, "", 8080, "TCP", 80, "192.168.1.10", true, "web", 3600)

	var refused *soap.Error
	if errors.As(rec.Err(err), &refused) && refused.Code == soap.OnlyPermanentLeasesSupported {
		fmt.Println("no leases:", refused)
	}
	// Output:
	// no leases: upnp error 725 OnlyPermanentLeasesSupported ("only static") from AddPortMapping
}

// goupnpClient is what goupnp's discovery returns.
func goupnpClient(control string) *internetgateway2.WANIPConnection1 {
	u, err := url.Parse(control)
	if err != nil {
		panic(err)
	}
	return &internetgateway2.WANIPConnection1{ServiceClient: goupnp.ServiceClient{SOAPClient: goupnpsoap.NewSOAPClient(*u)}}
}

func router(status int, answer string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, answer)
	}))
}
