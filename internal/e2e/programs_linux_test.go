package e2e

import (
	"crypto/rand"
	"crypto/sha1"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Programs of Debian, and examples/voice, in the networks that `fakeigd lab -f` makes of a file.

// TestPrograms has them all run at once: each waits for most of its time.
func TestPrograms(t *testing.T) {
	if testing.Short() {
		t.Skip("transmission lets nobody take anything for ten seconds")
	}
	t.Parallel()
	needLab(t)
	commandsOnPath(t)
	programs := map[string]func(*testing.T){
		"transmission":           testTransmission,
		"curl":                   testCurl,
		"turnutils_natdiscovery": testNATDiscovery,
		"sipp":                   testSIP,
		"sipp without ports":     testSIPSilent,
	}
	for _, v := range voicePairs() {
		programs[v.String()] = v.test
	}
	var all sync.WaitGroup
	for name, program := range programs {
		all.Go(func() { t.Run(name, program) })
	}
	all.Wait()
}

// testTransmission lets transmission-daemon open its port, by miniupnpc, and a peer on the Internet take a piece of what it has. Its tracker it cannot find:
// there is no way out of a lab.
func testTransmission(t *testing.T) {
	n := newNetwork(t, "testdata/torrent", "transmission-daemon")
	song := make([]byte, 64<<10)
	rand.Read(song)
	piece := sha1.Sum(song)
	info := fmt.Sprintf("d6:lengthi%de4:name4:song12:piece lengthi%de6:pieces20:%se", len(song), len(song), piece[:])
	n.write("data/song", string(song))
	n.write("watch/song.torrent", "d8:announce35:http://tracker.example.org/announce4:info"+info+"e")
	n.env = append(n.env, fmt.Sprintf("INFO_HASH=%x", sha1.Sum([]byte(info))), fmt.Sprintf("PIECE_HASH=%x", piece), fmt.Sprintf("PIECE_LENGTH=%d", len(song)))

	got := n.run()
	if want := "peer | 45.66.77.88:51413 is -TR"; got.code != 0 || !strings.Contains(got.stdout, want) ||
		!strings.Contains(got.stdout, fmt.Sprintf("peer | took %d bytes, and they are right\n", len(song))) {
		t.Errorf("want %q and all of its piece", want)
	}
	log := n.read("seeder.log")
	for _, want := range []string{"Port forwarding successful!", "Could not connect to tracker"} {
		if !strings.Contains(log, want) {
			t.Errorf("transmission does not say %q:\n%s", want, log)
		}
	}
	if want := `"name":"TCP 51413 → 192.168.1.10:51413","details":{"description":"Transmission at 51413"`; !strings.Contains(n.read("journal.ndjson"), want) {
		t.Errorf("the gateway does not say %s", want)
	}
}

// testCurl has somebody on the Internet look at web servers behind ports that igdctl and upnpc opened.
func testCurl(t *testing.T) {
	n := newNetwork(t, "testdata/web", "curl", "upnpc", "busybox")
	n.write("site/index.html", "home, sweet home\n")
	got := n.run()
	if got.code != 0 || strings.Count(got.stdout, "visitor | home, sweet home\n") != 2 {
		t.Error("want the page of both")
	}
}

// testNATDiscovery lets coturn's turnutils_natdiscovery find the NAT that was asked for, with the STUN server that every lab has. TestNATOfTheEmulator has the
// others.
func testNATDiscovery(t *testing.T) {
	need(t, "turnutils_natdiscovery")
	got := local(t, command(t, "fakeigd"), "lab", "--nat", "apdm/eif,timeout=1m", "--", "turnutils_natdiscovery", "-m", "-f", "stun.lab")
	if says := coturnSays(got.stdout); got.code != 0 || says != (behaviour{"address-and-port-dependent", "endpoint-independent", ""}) {
		t.Errorf("coturn says %+v", says)
	}
}

// testSIP lets sipp call sipp in another home, and counts the packets of voice that come to each: two seconds of the other's, by the ports that
// igdctl opened, and the caller's own, which are sent back.
func testSIP(t *testing.T) {
	n := newNetwork(t, "testdata/sip", "sipp", "nft")
	n.call(100)
}

// testSIPSilent makes the same call with no ports open but those of SIP: nobody hears anything.
func testSIPSilent(t *testing.T) {
	n := newNetwork(t, "testdata/sip", "sipp", "nft")
	n.write("net.yaml", regexp.MustCompile(` [67]000/udp`).ReplaceAllString(n.read("net.yaml"), ""))
	n.call(0)
}

// call makes the call of testdata/sip, in which so many packets of each kind are to arrive.
func (n *network) call(want int) {
	n.t.Helper()
	n.write("second.pcmu", strings.Repeat("\xff", 8000))
	if got := n.run(); got.code != 0 {
		n.t.Error("the call was not made")
	}
	for side, kinds := range map[string][]string{"callee": {"voice"}, "caller": {"echo", "voice"}} {
		log := n.read(side + ".log")
		counts := regexp.MustCompile(`counter packets (\d+) bytes \d+ comment "(\w+)"\n`).FindAllStringSubmatch(log, -1)
		if len(counts) != len(kinds) {
			n.t.Errorf("the %s did not count:\n%s", side, log)
			continue
		}
		for i, c := range counts {
			n.t.Logf("%s: %s packets of %s", side, c[1], c[2])
			// 50 a second. The last ones may not have been sent when the call ends.
			if packets, err := strconv.Atoi(c[1]); c[2] != kinds[i] || err != nil || packets < want*9/10 || packets > want {
				n.t.Errorf("%s: %s packets of %s, want %d of %s:\n%s", side, c[1], c[2], want, kinds[i], log)
			}
		}
	}
}
