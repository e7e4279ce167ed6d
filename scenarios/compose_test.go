package scenarios

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// load writes files into a directory and loads main.yaml.
func load(t *testing.T, files map[string]string) (*Scenario, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("schema: 1\n"+text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Load(filepath.Join(dir, "main.yaml"))
}

// resolved is what load makes of files, as text.
func resolved(t *testing.T, files map[string]string) string {
	t.Helper()
	s, err := load(t, files)
	if err != nil {
		t.Fatal(err)
	}
	text, err := s.Resolved()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A device overrides its profile key by key; what it does not say is the profile's.
func TestProfile(t *testing.T) {
	got := resolved(t, map[string]string{
		"main.yaml": `
devices:
  profile: router.yaml
  dialect: {ssdp: {max-age: 2m}, description: {path: /new.xml, tree: {name: New}}}
  wan: {status: Disconnected}
  faults: [{on: forward, do: {drop: true}}, {on: xml, do: {remove: friendlyName}}]
`,
		"router.yaml": `
devices:
  profile: igd1
  external-ip: 198.51.100.1
  dialect: {server: Old/1.0, ssdp: {max-age: 1m, bootid: 1}, description: {tree: {type: "urn:schemas-upnp-org:device:InternetGatewayDevice:1", name: Old}}}
  wan: [{status: Connected}, {status: Connected}]
  faults:
    - {name: stale, on: forward, do: {delay: 1s, drop: true}}
    - {on: forward, if: {age: {over: 1h}}, do: {drop: true}}
    - {on: xml, do: {rename: {UDN: udn}}}
`,
	})
	// A list is replaced. The fault of the profile on the same occasion gives way, because only one of them can end it; edits
	// go together.
	const want = `schema: 1
name: main
devices:
- name: main
  igd: 1
  external-ip: 198.51.100.1
  dialect:
    server: Old/1.0
    ssdp: {max-age: 2m, bootid: 1}
    description: {tree: {type: "urn:schemas-upnp-org:device:InternetGatewayDevice:1", name: New}, path: /new.xml}
  wan: {status: Disconnected}
  faults:
  - {on: forward, if: {age: {over: 1h}}, do: {drop: true}}
  - {on: xml, do: {rename: {UDN: udn}}}
  - {on: forward, do: {drop: true}}
  - {on: xml, do: {remove: friendlyName}}
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differs (-want +got)\n%s", diff)
	}
}

// Quirks stand beside each other and beside what the device says; their faults go by their names.
func TestQuirks(t *testing.T) {
	got := resolved(t, map[string]string{
		"main.yaml": `
name: mine
devices:
  igd: 2
  quirks: [add-table-full-silent-32, {parts/slow.yaml: {by: 2s, age: 5m}}]
  dialect: {ssdp: {bootid: 1}, server: Mine/1.0}
  faults: {on: forward, do: {drop: true}}
  timeline: {at: 1h, do: {clear: true}}
  mappings: {external-port: 5060}
timeline:
  - {at: 2h, do: {clear: true}}
`,
		"parts/slow.yaml": `
name: slow
parameters:
  by: {sets: ["faults[0].do.delay", "faults[1].do.delay"]}
  age: {sets: dialect.ssdp.max-age, about: how long an announcement may be believed}
quirk:
  quirks: deeper.yaml
  dialect: {server: Mine/1.0, ssdp: {max-age: 1m}}
  faults:
    - {on: ssdp.reply, do: {delay: 1s}}
    - {name: by itself, on: http.body, do: {delay: 1s}}
  timeline: {at: 3h, do: {clear: true}}
  mappings: {external-port: 7547}
`,
		"parts/deeper.yaml": "quirk: {faults: {on: xml, do: {remove: UDN}}}",
	})
	const want = `schema: 1
name: mine
devices:
- name: mine
  igd: 2
  faults:
  - name: add-table-full-silent-32
    on: table.add
    if: {size: {at-least: 32}, existing: none}
    do: {store: false}
  - {name: deeper, on: xml, do: {remove: UDN}}
  - {name: slow, on: ssdp.reply, do: {delay: 2s}}
  - {name: by itself, on: http.body, do: {delay: 2s}}
  - {on: forward, do: {drop: true}}
  dialect: {server: Mine/1.0, ssdp: {max-age: 5m, bootid: 1}}
  timeline:
  - {at: 3h, do: {clear: true}}
  - {at: 1h, do: {clear: true}}
  - {at: 2h, do: {clear: true}}
  mappings: [{external-port: 7547}, {external-port: 5060}]
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differs (-want +got)\n%s", diff)
	}
}

// A quirk is played by itself on its base.
func TestQuirkAlone(t *testing.T) {
	for base, version := range map[string]int{"": 1, "base: igd2\n": 2, "base: ./router.yaml\n": 2} {
		got := resolved(t, map[string]string{
			"main.yaml":   "name: silent\n" + base + "quirk: {faults: {on: forward, do: {drop: true}}}\n",
			"router.yaml": "devices: {igd: 2, name: other}\n",
		})
		want := fmt.Sprintf("schema: 1\nname: silent\ndevices:\n- {name: silent, igd: %d, faults: [{name: silent, on: forward, do: {drop: true}}]}\n", version)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q differs (-want +got)\n%s", base, diff)
		}
	}
}

func TestComposeRefuses(t *testing.T) {
	const quirk = "quirk: {dialect: {server: A, ssdp: {max-age: 60s}}}\n"
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"two quirks set one key", map[string]string{
			"main.yaml": "devices: {igd: 1, quirks: [./a.yaml, ./b.yaml]}\n",
			"a.yaml":    quirk, "b.yaml": "quirk: {dialect: {server: B, ssdp: {max-age: 60s}}}\n",
		}, []string{
			"main.yaml:2:38: the quirks a and b do not go together: dialect.server is A (a.yaml:2:27) and B (b.yaml:2:27)",
		}},
		{"a quirk and the device set one key", map[string]string{
			"main.yaml": "devices:\n  igd: 1\n  quirks: a.yaml\n  dialect:\n    ssdp: {max-age: 90s}\n", "a.yaml": quirk,
		}, []string{
			"main.yaml:6:21: the quirk a and what stands here do not go together: dialect.ssdp.max-age is 60s (a.yaml:2:46) and 90s (main.yaml:6:21)",
		}},
		{"a map against a value", map[string]string{
			"main.yaml": "devices: {igd: 1, quirks: ./a.yaml, wan: {status: Connected}}\n", "a.yaml": "quirk: {wan: [{status: Disconnected}]}\n",
		}, []string{
			"main.yaml:2:42: the quirk a and what stands here do not go together: wan is [{status: Disconnected}] (a.yaml:2:14) and {status: Connected} (main.yaml:2:42)",
		}},
		{"two verbs on one occasion", map[string]string{
			"main.yaml": "devices: {igd: 1, quirks: [./a.yaml, ./b.yaml]}\n",
			"a.yaml":    "quirk:\n  faults: {on: forward, if: {age: {over: 1h}}, do: {drop: true}}\n",
			"b.yaml":    "quirk:\n  faults: [{on: forward, if: {age: {over: 1h}}, do: {close: rst}}, {on: forward, do: {close: rst}}]\n",
		}, []string{
			"main.yaml:2:38: the quirks a and b do not go together: forward would have to do {drop: true} (a.yaml:3:11) and {close: rst} (b.yaml:3:12) on one occasion",
		}},
		{"a verb that comes too late", map[string]string{
			"main.yaml": "devices: {igd: 1, quirks: [./a.yaml], faults: {on: soap.AddPortMapping, do: {upnp-error: 606}}}\n",
			"a.yaml":    "quirk:\n  faults: {on: soap.*, do: {hang: true}}\n",
		}, []string{
			"main.yaml:2:90: devices.faults.do.upnp-error: never happens: faults[0] does hang on the same occasions (soap.*) and comes first (quirk.faults: a.yaml:3:11)",
		}},
		{"a profile of itself", map[string]string{
			"main.yaml": "devices: {profile: ./a.yaml}\n", "a.yaml": "devices: {profile: ./main.yaml}\n",
		}, []string{
			"a.yaml:2:20: devices.profile: ./main.yaml is made of itself",
		}},
		{"a quirk of itself", map[string]string{"main.yaml": "quirk: {quirks: main.yaml}\n"}, []string{
			"main.yaml:2:17: quirk.quirks: main.yaml is made of itself",
		}},
		{"absent", map[string]string{"main.yaml": "devices: {igd: 1, profile: igd3, quirks: [add-table-silent-32, ./a.yaml]}\n"}, []string{
			`main.yaml:2:28: devices.profile: there is no profile "igd3"; did you mean "igd1"?`,
			`main.yaml:2:43: devices.quirks[0]: there is no quirk "add-table-silent-32"`,
			`main.yaml:2:64: devices.quirks[1]: there is no quirk "./a.yaml"`,
		}},
		{"misspelt", map[string]string{"main.yaml": "devices: {igd: 1, quirks: list-view-differ}\n"}, []string{
			`main.yaml:2:27: devices.quirks: there is no quirk "list-view-differ"; did you mean "list-views-differ"?`,
		}},
		{"elsewhere", map[string]string{"main.yaml": "devices: {igd: 1, quirks: [../a.yaml, /etc/a.yaml]}\n"}, []string{
			`main.yaml:2:28: devices.quirks[0]: there is no quirk "../a.yaml": only files beside this one and below can be named`,
			`main.yaml:2:39: devices.quirks[1]: there is no quirk "/etc/a.yaml": only files beside this one and below can be named`,
		}},
		{"no regular file", map[string]string{"main.yaml": "devices: {igd: 1, quirks: ./a.yaml}\n", "a.yaml/b.yaml": quirk}, []string{
			`main.yaml:2:27: devices.quirks: there is no quirk "./a.yaml": it is no regular file`,
		}},
		{"wrong kind", map[string]string{
			"main.yaml": "devices: [{profile: ./a.yaml, igd: 1}, {profile: ./b.yaml, igd: 1}, {igd: 1, quirks: [igd1]}]\n",
			"a.yaml":    quirk, "b.yaml": "devices: [{igd: 1}, {igd: 2}]\n",
		}, []string{
			"main.yaml:2:21: devices[0].profile: ./a.yaml is a quirk and no device: name it in quirks",
			"main.yaml:2:50: devices[1].profile: ./b.yaml has 2 devices, and a profile has one",
			"main.yaml:2:87: devices[2].quirks[0]: igd1 has devices and is no quirk: name it in profile",
		}},
		{"twice", map[string]string{"main.yaml": "devices: {igd: 1, quirks: [a.yaml, a.yaml]}\n", "a.yaml": quirk}, []string{
			"main.yaml:2:36: devices.quirks[1]: the quirk a is named twice",
		}},
		{"both", map[string]string{"main.yaml": quirk + "devices: {igd: 1}\n"}, []string{
			"main.yaml:2:8: quirk and devices are both there: a file is one or has the others",
		}},
		{"not a quirk", map[string]string{"main.yaml": "devices: {igd: 1}\nbase: igd1\nparameters: {a: {sets: b}}\n"}, []string{
			"main.yaml:3:7: base belongs to a quirk, and this file has none",
			"main.yaml:4:13: parameters belongs to a quirk, and this file has none",
		}},
		{"wrong in another file", map[string]string{
			"main.yaml": "devices: {igd: 1, quirks: [./a.yaml], dialect: {srver: x}}\n", "a.yaml": "quirk: {dialct: {}, faults: {on: forward}}\n",
		}, []string{
			`main.yaml:2:49: unknown key "srver" in devices.dialect; did you mean "server"?`,
			`a.yaml:2:9: unknown key "dialct" in quirk; did you mean "dialect"?`,
			`a.yaml:2:29: do is missing in quirk.faults`,
		}},
		{"values of parameters", map[string]string{
			"main.yaml": "devices: {igd: 1, quirks: [{add-table-full-silent-32: {limt: 1, limit: many}}]}\n",
		}, []string{
			`main.yaml:2:56: the quirk add-table-full-silent-32 has no parameter "limt"; did you mean "limit"?`,
			`main.yaml:2:72: devices.quirks[0].add-table-full-silent-32.limit must be a whole number, not "many"`,
		}},
		{"forms of use", map[string]string{
			"main.yaml": "devices: {igd: 1, quirks: [{igd1: 3}, {}, [a]]}\n",
		}, []string{
			"main.yaml:2:28: devices.quirks[0] must be the name of a quirk, or one name with parameters, such as {add-table-full-silent-32: {limit: 160}}",
			"main.yaml:2:39: devices.quirks[1] must be the name of a quirk, or one name with parameters, such as {add-table-full-silent-32: {limit: 160}}",
			"main.yaml:2:43: devices.quirks[2] must be the name of a quirk, or one name with parameters, such as {add-table-full-silent-32: {limit: 160}}",
		}},
		{"places of parameters", map[string]string{
			"main.yaml": "parameters:\n  a: {sets: dialect.srver}\n  b: {sets: [dialect.server, dialect.ssdp.max-age]}\n" +
				"  c: {sets: 'dialect..server'}\n  d: {about: nothing}\n  E: {sets: dialect.server}\n" + quirk,
		}, []string{
			"main.yaml:3:13: parameters.a: there is no dialect.srver in the quirk: the place must be there, with the default",
			"main.yaml:4:30: parameters.b: the places that it sets have different defaults, A and 60s",
			`main.yaml:5:13: parameters.c: "dialect..server" is no place, such as faults[0].if.size.at-least`,
			"main.yaml:6:6: parameters.d.sets is missing: the places in the quirk that have the value, such as faults[0].if.size.at-least",
			"main.yaml:7:6: parameters.E: a name must be lower-case letters, digits and hyphens, 64 at most, not beginning with a hyphen",
		}},
		{"senses of the emulator", map[string]string{
			"main.yaml": "devices:\n  igd: 1\n  faults:\n    - {on: forward, do: {drop: true}}\n    - {on: soap.AddPortMaping, do: {hang: true}}\n" +
				"expect: [{calls: AddPortMapping}, {at-least: 1}]\n",
		}, []string{
			`main.yaml:6:12: devices.faults[1].on: no service of this device has the action AddPortMaping; did you mean "soap.AddPortMapping"?`,
			"main.yaml:7:35: expect[1]: counts nothing: give one of calls, searches, requests, subscribes, changes and faults",
		}},
		// The reader of a built-in file has not written it: his own comes first.
		{"a connection that the tree does not serve", map[string]string{
			"main.yaml": "devices:\n  - profile: fritzbox-7590\n    wan: [{}, {}]\n  - {igd: 1, profile: ./mine.yaml, quirks: desc-two-wandevices}\n",
			"mine.yaml": "devices:\n  igd: 1\n  dialect:\n    description:\n      tree: {type: 'urn:schemas-upnp-org:device:InternetGatewayDevice:1', services: {type: 'urn:schemas-upnp-org:service:WANIPConnection:1'}}\n",
		}, []string{
			"main.yaml:4:15: devices[0].wan[1]: no service of dialect.description.tree serves this connection: add a WANIPConnection with wan: 1 there (devices[0].dialect.description.tree: fritzbox-7590.yaml:72:11)",
			"main.yaml:5:44: quirk desc-two-wandevices: quirk.wan[1] (desc-two-wandevices.yaml:12:7): no service of dialect.description.tree serves this connection: " +
				"add a WANIPConnection with wan: 1 there (devices.dialect.description.tree: mine.yaml:6:13)",
		}},
		{"a slip in what is expected", map[string]string{
			"main.yaml": "devices: {profile: igd1, quirks: list-views-differ}\nexpect: [{faults: list-views-differ}, {calls: AddPortMaping, exactly: 0}]\n",
		}, []string{
			`main.yaml:3:47: expect[1].calls: there is no action AddPortMaping; did you mean "AddPortMapping"?`,
		}},
		{"a version that the tree does not have", map[string]string{"main.yaml": "devices: {profile: fritzbox-7590, igd: 2}\n"}, []string{
			"main.yaml:2:40: devices.igd: is 2, and dialect.description.tree is an InternetGatewayDevice:1 (devices[0].dialect.description.tree: fritzbox-7590.yaml:72:11)",
		}},
		// A file is put right in one go, whatever is wrong with it.
		{"structure and senses in one round", map[string]string{
			"main.yaml": "name: My Router\nverdict: open\ndevices:\n  - {igd: 3, external_ip: 1.2.3.4}\n  - {igd: 1, external-ip: '::1'}\n  - {igd: 1, faults: [{on: forward, do: {}}, {on: forward, when: {until: delted}, do: {drop: 1}}]}\n",
		}, []string{
			"main.yaml:2:7: name: must be lower-case letters, digits and hyphens, 64 at most, not beginning with a hyphen",
			`main.yaml:3:10: verdict: "open" is no verdict (opens, opens-elsewhere, opens-but-dead, refused:CODE, broken, no-gateway, unusable-address, none); did you mean "opens"?`,
			"main.yaml:5:11: devices[0].igd must be 1 or 2, not 3",
			`main.yaml:5:14: unknown key "external_ip" in devices[0]; did you mean "external-ip"?`,
			"main.yaml:6:27: devices[1].external-ip: must be an IPv4 address, not ::1",
			"main.yaml:7:41: devices[2].faults[0].do: nothing is done",
			`main.yaml:7:74: devices[2].faults[1].when.until: "delted" is not one of deleted, reboot; did you mean "deleted"?`,
			`main.yaml:7:94: devices[2].faults[1].do.drop must be true or false, not "1"`,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := load(t, tt.files)
			invalid, ok := err.(*InvalidError)
			if !ok {
				t.Fatalf("Load = %v, %v; want an *InvalidError", s, err)
			}
			dir := filepath.Dir(invalid.File) + string(filepath.Separator)
			var got []string
			for _, p := range invalid.Problems {
				got = append(got, strings.ReplaceAll(p.String(), dir, ""))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("problems differ (-want +got)\n%s", diff)
			}
		})
	}
}

// A file of the user's may be called like the built-in one that it names.
func TestComposeSameName(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("igd2.yaml", []byte("schema: 1\nname: mine\ndevices: {profile: igd2}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Load("igd2.yaml"); err != nil || s.Options()[0].Version != 2 {
		t.Errorf("Load = %v, %v", s, err)
	}
}

// Profiles that name each other without end are stopped before the machine is.
func TestComposeDepth(t *testing.T) {
	files := map[string]string{"main.yaml": "devices: {profile: p0.yaml}\n"}
	for i := range 20 {
		files[fmt.Sprintf("p%d.yaml", i)] = fmt.Sprintf("devices: {igd: 1, profile: p%d.yaml}\n", i+1)
	}
	files["p20.yaml"] = "devices: {igd: 1}\n"
	_, err := load(t, files)
	if err == nil || !strings.Contains(err.Error(), "profiles and quirks name each other deeper than 8") {
		t.Errorf("Load: %v", err)
	}
}

// What is no file, such as the body of a request, cannot make us read files.
func TestParseReadsNoFiles(t *testing.T) {
	_, err := Parse("body", []byte("schema: 1\ndevices: {profile: igd1.yaml}\n"))
	const want = `body:2:20: devices.profile: there is no profile "igd1.yaml": only a file can name files`
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Parse: %v, want %s", err, want)
	}
}

// A file that somebody else wrote cannot make us read others: not by its name, and not by a link.
func TestComposeLink(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(t.TempDir(), "secret.yaml")
	if err := os.WriteFile(secret, []byte("schema: 1\nquirk: {external-ip: 192.0.2.1}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(dir, "link.yaml")); err != nil {
		if runtime.GOOS != "windows" { // where links are for administrators
			t.Fatal(err)
		}
		t.Skip("Windows lets only administrators make links:", err)
	}
	main := filepath.Join(dir, "main.yaml")
	if err := os.WriteFile(main, []byte("schema: 1\ndevices: {igd: 1, quirks: link.yaml}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(main); err == nil || !strings.Contains(err.Error(), "there is no quirk \"link.yaml\": ") {
		t.Errorf("Load: %v", err)
	}
}
