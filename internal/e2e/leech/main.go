// Command leech is a peer of BitTorrent (BEP 3) that takes one piece from another and checks it. It tries until the other can be reached.
//
//	leech ADDRESS INFO_HASH PIECE_HASH PIECE_LENGTH
package main

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"
)

// The messages that it knows, and the largest block that peers give at a time.
const (
	unchoke    = 1
	interested = 2
	request    = 6
	block      = 7
	blockSize  = 16 << 10
	maxMessage = blockSize + 1024
)

const (
	reachTime = 30 * time.Second // for the port to be opened
	takeTime  = 20 * time.Second
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "leech:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 4 {
		return errors.New("usage: leech ADDRESS INFO_HASH PIECE_HASH PIECE_LENGTH")
	}
	info, err1 := hex.DecodeString(args[1])
	piece, err2 := hex.DecodeString(args[2])
	length, err3 := strconv.Atoi(args[3])
	if err := errors.Join(err1, err2, err3); err != nil || len(info) != sha1.Size {
		return fmt.Errorf("arguments %q: %v", args, err)
	}
	c, err := reach(args[0])
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(takeTime))
	peer, err := shake(c, info)
	if err != nil {
		return err
	}
	fmt.Printf("%v is %s\n", c.RemoteAddr(), peer)
	data, err := take(c, length)
	if err != nil {
		return err
	}
	if sum := sha1.Sum(data); !bytes.Equal(sum[:], piece) {
		return fmt.Errorf("%d bytes with the sum %x", len(data), sum)
	}
	fmt.Printf("took %d bytes, and they are right\n", len(data))
	return nil
}

// reach connects as soon as the port is open: until then it is refused.
func reach(address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), reachTime)
	defer cancel()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		c, err := new(net.Dialer).DialContext(ctx, "tcp4", address)
		if !errors.Is(err, syscall.ECONNREFUSED) {
			return c, err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return nil, err
		}
	}
}

const protocol = "\x13BitTorrent protocol"

// shake exchanges handshakes; the result is what the other calls itself (BEP 20).
func shake(c net.Conn, info []byte) (string, error) {
	hello := append([]byte(protocol), make([]byte, 8)...)
	hello = append(hello, info...)
	hello = append(hello, "-IK0001-leechleechle"...)
	if _, err := c.Write(hello); err != nil {
		return "", err
	}
	answer := make([]byte, len(hello))
	if _, err := io.ReadFull(c, answer); err != nil {
		return "", fmt.Errorf("no handshake: %w", err)
	}
	if !bytes.HasPrefix(answer, []byte(protocol)) || !bytes.Equal(answer[28:48], info) {
		return "", fmt.Errorf("it answers with %q", answer)
	}
	return string(answer[48:56]), nil
}

// take asks for the first piece once it is allowed to, and gathers its blocks.
func take(c net.Conn, length int) ([]byte, error) {
	if err := send(c, interested); err != nil {
		return nil, err
	}
	data, missing := make([]byte, length), length
	for missing > 0 {
		kind, body, err := receive(c)
		if err != nil {
			return nil, fmt.Errorf("after %d bytes: %w", length-missing, err)
		}
		switch kind {
		case unchoke:
			for at := 0; at < length; at += blockSize {
				if err := send(c, request, 0, uint32(at), uint32(min(blockSize, length-at))); err != nil {
					return nil, err
				}
			}
		case block:
			if len(body) < 8 {
				return nil, fmt.Errorf("a block of %d bytes", len(body))
			}
			at := int(binary.BigEndian.Uint32(body[4:]))
			if at > length || copy(data[at:], body[8:]) != len(body)-8 {
				return nil, fmt.Errorf("a block at %d of %d bytes", at, len(body))
			}
			missing -= len(body) - 8
		}
	}
	return data, nil
}

func send(c net.Conn, kind byte, numbers ...uint32) error {
	b := binary.BigEndian.AppendUint32(nil, uint32(1+4*len(numbers)))
	b = append(b, kind)
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	_, err := c.Write(b)
	return err
}

// receive gives the next message that is more than a sign of life.
func receive(c net.Conn) (kind byte, body []byte, err error) {
	for {
		var size uint32
		if err := binary.Read(c, binary.BigEndian, &size); err != nil {
			return 0, nil, err
		}
		if size == 0 {
			continue
		}
		if size > maxMessage {
			return 0, nil, fmt.Errorf("a message of %d bytes", size)
		}
		b := make([]byte, size)
		if _, err := io.ReadFull(c, b); err != nil {
			return 0, nil, err
		}
		return b[0], b[1:], nil
	}
}
