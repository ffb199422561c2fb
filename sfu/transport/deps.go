package transport

import (
	_ "github.com/pion/dtls/v3"
	_ "github.com/pion/rtcp"
	_ "github.com/pion/sdp/v3"
	_ "github.com/pion/stun/v4"
)
