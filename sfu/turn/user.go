package turn

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/pion/stun/v4"
)

// Credentials are what a client authenticates with. They are good until
// RemoveUser: clients keep those of their first contact.
type Credentials struct {
	Username string // <unix seconds>:<name>
	Password string // base64 of HMAC-SHA1 of the user name
}

type user struct {
	name        string
	integrity   stun.MessageIntegrity
	allocations map[*Allocation]struct{} // guarded by Server.mu
}

// AddUser makes credentials. The name should be unique; now is the wall clock.
func (s *Server) AddUser(name string, now time.Time) Credentials {
	username := fmt.Sprintf("%d:%s", now.Unix(), name)
	mac := hmac.New(sha1.New, s.secret[:])
	mac.Write([]byte(username))
	c := Credentials{Username: username, Password: base64.StdEncoding.EncodeToString(mac.Sum(nil))}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users[username] == nil {
		s.users[username] = &user{
			name: username, integrity: stun.NewLongTermIntegrity(username, Realm, c.Password), allocations: map[*Allocation]struct{}{},
		}
	}
	return c
}

// RemoveUser ends all allocations of a user and forgets it.
func (s *Server) RemoveUser(username string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users[username]
	if u == nil {
		return
	}
	delete(s.users, username)
	for a := range u.allocations {
		s.drop(a)
	}
}

// nonce is the time it was made and a proof that it was made here: nothing has
// to be remembered of clients that do not authenticate.
func (s *Server) nonce(now int64) string {
	at := fmt.Sprintf("%x", now)
	return at + "-" + s.proof(at)
}

func (s *Server) proof(at string) string {
	mac := hmac.New(sha1.New, s.secret[:])
	mac.Write([]byte("nonce " + at))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

func (s *Server) fresh(nonce string, now int64) bool {
	at, proof, ok := strings.Cut(nonce, "-")
	if !ok || !hmac.Equal([]byte(proof), []byte(s.proof(at))) {
		return false
	}
	var made int64
	if _, err := fmt.Sscanf(at, "%x", &made); err != nil {
		return false
	}
	return now-made < int64(nonceLifetime)
}
