#include "muster/client.hpp"

#include "client/src/transport.h"

namespace muster {

Client::Client(ClientOptions options) : transport_(std::make_shared<Transport>(options)) {}

Client::~Client() { transport_->stop(); }

}  // namespace muster
