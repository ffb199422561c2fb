package signal

// Message is what the server says. One of the types of this file.
type Message interface {
	// name is the event's type, and whether it is wrapped in "custom".
	name() (string, bool)
}

// Connected answers Connect.
type Connected struct {
	ID     string     `json:"id"`
	Others []Endpoint `json:"otherEndpoints"`
}

// Endpoint is another endpoint and its tracks.
type Endpoint struct {
	ID            string               `json:"id"`
	Type          string               `json:"type"`
	Metadata      any                  `json:"metadata"`
	TrackMetadata map[string]any       `json:"trackIdToMetadata"`
	Tracks        map[string]TrackInfo `json:"tracks"`
}

// TrackInfo describes a track.
type TrackInfo struct {
	Metadata  any       `json:"metadata"`
	Simulcast Simulcast `json:"simulcastConfig"`
}

// Simulcast lists a track's variants.
type Simulcast struct {
	Enabled  bool     `json:"enabled"`
	Active   []string `json:"activeEncodings"`
	Disabled []string `json:"disabledEncodings"`
}

// EndpointAdded says that an endpoint joined.
type EndpointAdded struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Metadata any    `json:"metadata"`
}

// EndpointRemoved says that an endpoint left.
type EndpointRemoved struct {
	ID string `json:"id"`
}

// EndpointUpdated says that an endpoint has new metadata.
type EndpointUpdated struct {
	ID         string `json:"id"`
	EndpointID string `json:"endpointId"` // the same; iOS reads this one
	Metadata   any    `json:"metadata"`
}

// TracksAdded says that an endpoint published tracks.
type TracksAdded struct {
	EndpointID    string               `json:"endpointId"`
	TrackMetadata map[string]any       `json:"trackIdToMetadata"`
	Tracks        map[string]TrackInfo `json:"tracks"`
}

// TracksRemoved says that tracks are gone.
type TracksRemoved struct {
	EndpointID string   `json:"endpointId"`
	TrackIDs   []string `json:"trackIds"`
}

// TrackUpdated says that a track has new metadata.
type TrackUpdated struct {
	EndpointID string `json:"endpointId"`
	TrackID    string `json:"trackId"`
	Metadata   any    `json:"metadata"`
}

// TrackEncodingDisabled says that a publisher paused a variant.
type TrackEncodingDisabled struct {
	EndpointID string `json:"endpointId"`
	TrackID    string `json:"trackId"`
	Encoding   string `json:"encoding"`
}

// TrackEncodingEnabled says that a publisher resumed a variant.
type TrackEncodingEnabled TrackEncodingDisabled

// Error is a fatal error: clients disconnect.
type Error struct {
	Message string `json:"message"`
}

// OfferData asks the client for an offer.
type OfferData struct {
	Types TrackTypes `json:"tracksTypes"`
	Turns []Turn     `json:"integratedTurnServers"`
}

// TrackTypes counts the m-lines that the client must offer to receive. The
// counts of a connection never fall.
type TrackTypes struct {
	Audio int `json:"audio"`
	Video int `json:"video"`
}

// Turn is a TURN server.
type Turn struct {
	Addr      string `json:"serverAddr"` // an IPv6 address in brackets
	Port      int    `json:"serverPort"`
	Transport string `json:"transport"` // "udp", "tcp" or "tls"
	Password  string `json:"password"`
	Username  string `json:"username"`
}

// SDPAnswer answers an offer.
type SDPAnswer struct {
	Type      string            `json:"type"` // "answer"
	SDP       string            `json:"sdp"`
	MidTracks map[string]string `json:"midToTrackId"`
}

// ServerCandidate is the server's ICE candidate.
type ServerCandidate struct {
	Candidate string  `json:"candidate"`
	Line      int     `json:"sdpMLineIndex"`
	Mid       *string `json:"sdpMid"`           // null
	Fragment  *string `json:"usernameFragment"` // null
}

// Reasons of EncodingSwitched.
const (
	ReasonLowBandwidth = "low_bandwidth"
	ReasonInactive     = "encoding_inactive"
	ReasonOther        = "other"
)

// EncodingSwitched says which variant of a track the client receives.
type EncodingSwitched struct {
	EndpointID string `json:"endpointId"`
	TrackID    string `json:"trackId"`
	Encoding   string `json:"encoding"`
	Reason     string `json:"reason"`
}

// VADNotification says whether somebody speaks.
type VADNotification struct {
	TrackID string `json:"trackId"`
	Status  string `json:"status"` // "speech" or "silence"
}

// BandwidthEstimation is what the client can receive, in bit/s.
type BandwidthEstimation struct {
	Estimation float64 `json:"estimation"`
}

func (Connected) name() (string, bool)             { return "connected", false }
func (EndpointAdded) name() (string, bool)         { return "endpointAdded", false }
func (EndpointRemoved) name() (string, bool)       { return "endpointRemoved", false }
func (EndpointUpdated) name() (string, bool)       { return "endpointUpdated", false }
func (TracksAdded) name() (string, bool)           { return "tracksAdded", false }
func (TracksRemoved) name() (string, bool)         { return "tracksRemoved", false }
func (TrackUpdated) name() (string, bool)          { return "trackUpdated", false }
func (TrackEncodingDisabled) name() (string, bool) { return "trackEncodingDisabled", false }
func (TrackEncodingEnabled) name() (string, bool)  { return "trackEncodingEnabled", false }
func (Error) name() (string, bool)                 { return "error", false }
func (OfferData) name() (string, bool)             { return "offerData", true }
func (SDPAnswer) name() (string, bool)             { return "sdpAnswer", true }
func (ServerCandidate) name() (string, bool)       { return "candidate", true }
func (EncodingSwitched) name() (string, bool)      { return "encodingSwitched", true }
func (VADNotification) name() (string, bool)       { return "vadNotification", true }
func (BandwidthEstimation) name() (string, bool)   { return "bandwidthEstimation", true }
