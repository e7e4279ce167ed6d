package client

import (
	"net"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// What a Linux system tells anybody about itself.
func TestLinuxMachine(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  Machine
	}{
		{"nothing", nil, Machine{}},
		{"ufw is on", map[string]string{"etc/ufw/ufw.conf": "# comment\nENABLED=yes\nLOGLEVEL=low\n", "sys/module/nf_tables/refcnt": "300\n"},
			Machine{Firewalls: []Firewall{{"ufw", "/etc/ufw/ufw.conf"}}}},
		{"ufw is off", map[string]string{"etc/ufw/ufw.conf": "ENABLED=no\n"}, Machine{}},
		{"firewalld", map[string]string{"sys/fs/cgroup/system.slice/firewalld.service/cgroup.procs": "700\n"},
			Machine{Firewalls: []Firewall{{"firewalld", "/sys/fs/cgroup/system.slice/firewalld.service"}}}},
		{"rules of nftables", map[string]string{"sys/module/nf_tables/refcnt": "12\n"}, Machine{Firewalls: []Firewall{{"nftables", "/sys/module/nf_tables"}}}},
		{"nftables without rules", map[string]string{"sys/module/nf_tables/refcnt": "0\n"}, Machine{}},
		{"rules of iptables", map[string]string{"sys/module/iptable_filter/refcnt": "1\n"}, Machine{Firewalls: []Firewall{{"iptables", "/sys/module/iptable_filter"}}}},
		{"docker", map[string]string{".dockerenv": "", "sys/module/nf_tables/refcnt": "12\n"}, Machine{Container: "docker"}},
		{"podman", map[string]string{"run/.containerenv": ""}, Machine{Container: "podman"}},
		{"nspawn", map[string]string{"run/systemd/container": "systemd-nspawn\n"}, Machine{Container: "systemd-nspawn"}},
		{"kubernetes", map[string]string{"proc/1/cgroup": "0::/kubepods/besteffort/pod1\n"}, Machine{Container: "kubernetes"}},
		{"wsl", map[string]string{"proc/sys/kernel/osrelease": "5.15.153.1-microsoft-standard-WSL2\n", "sys/module/nf_tables/refcnt": "0\n"}, Machine{WSL: true}},
	} {
		root := fstest.MapFS{"usr/lib/modules/6.1.0-53-amd64/modules.builtin": &fstest.MapFile{Data: []byte("kernel/net/ipv4/tunnel4.ko\n")}}
		if tt.files["proc/sys/kernel/osrelease"] == "" {
			root["proc/sys/kernel/osrelease"] = &fstest.MapFile{Data: []byte("6.1.0-53-amd64\n")}
		}
		for name, text := range tt.files {
			root[name] = &fstest.MapFile{Data: []byte(text)}
		}
		tt.want.FirewallsKnown = tt.want.Container == ""
		if diff := cmp.Diff(tt.want, linuxMachine(root)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, diff)
		}
	}
}

// A filter that is a part of the kernel shows no module: whether it has rules is not known.
func TestLinuxMachineBuiltIn(t *testing.T) {
	for builtin, want := range map[string]bool{"": false, "kernel/net/netfilter/nf_tables.ko\n": false, "kernel/net/ipv4/tunnel4.ko\n": true} {
		root := fstest.MapFS{"proc/sys/kernel/osrelease": &fstest.MapFile{Data: []byte("6.1.0\n")}}
		if builtin != "" {
			root["lib/modules/6.1.0/modules.builtin"] = &fstest.MapFile{Data: []byte(builtin)}
		}
		if got := linuxMachine(root); got.FirewallsKnown != want || len(got.Firewalls) != 0 {
			t.Errorf("%q: %+v", builtin, got)
		}
	}
}

func TestKindOf(t *testing.T) {
	for name, want := range map[string]InterfaceKind{
		"eth0": OrdinaryInterface, "enp3s0": OrdinaryInterface, "wlan0": OrdinaryInterface, "en0": OrdinaryInterface, "br0": OrdinaryInterface, "Wi-Fi": OrdinaryInterface,
		"tun0": VPNInterface, "wg0": VPNInterface, "utun4": VPNInterface, "tailscale0": VPNInterface, "NordLynx": VPNInterface, "My VPN": VPNInterface,
		"docker0": ContainerInterface, "br-1a2b3c": ContainerInterface, "veth12": ContainerInterface,
		"virbr0": VirtualInterface, "vEthernet (WSL)": VirtualInterface, "vmnet8": VirtualInterface,
	} {
		if got := kindOf(net.Interface{Name: name}); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := kindOf(net.Interface{Name: "lo", Flags: net.FlagLoopback}); got != LoopbackInterface {
		t.Errorf("lo: %q", got)
	}
}
