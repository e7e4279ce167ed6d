package lab

import (
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// The words of nftables rules. Values are compared in register 1.

func destination() expr.Any {
	return &expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: 16, Len: 4}
}

func source() expr.Any {
	return &expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: 12, Len: 4}
}

// port is where a packet of TCP or UDP goes.
func port() expr.Any {
	return &expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2}
}

func meta(key expr.MetaKey) expr.Any { return &expr.Meta{Key: key, Register: 1} }

// named compares the name of an interface.
func named(name string) expr.Any {
	padded := make([]byte, unix.IFNAMSIZ)
	copy(padded, name)
	return equals(padded)
}

func equals(value []byte) expr.Any  { return &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: value} }
func differs(value []byte) expr.Any { return &expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: value} }

func masked(mask []byte) expr.Any {
	return &expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: mask, Xor: make([]byte, 4)}
}

func load(register uint32, value []byte) expr.Any {
	return &expr.Immediate{Register: register, Data: value}
}

func native(value uint32) []byte { return binaryutil.NativeEndian.PutUint32(value) }

func numberOf(protocol string) byte {
	if protocol == "UDP" {
		return unix.IPPROTO_UDP
	}
	return unix.IPPROTO_TCP
}
