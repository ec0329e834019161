// Clients of the C interface.
#include <chrono>

#include "client/c/handles.h"

using muster::c::change;
using muster::c::guarded;
using muster::c::text;

extern "C" {

muster_client_options* muster_client_options_new(void) {
  try {
    return new muster_client_options;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void muster_client_options_free(muster_client_options* options) { delete options; }

void muster_client_options_add_server(muster_client_options* options, const char* server) {
  change(options, [&](muster::ClientOptions& value) {
    if (!options->servers_given) value.servers.clear();
    options->servers_given = true;
    value.servers.emplace_back(text(server));
  });
}
void muster_client_options_set_timeout_ms(muster_client_options* options, int64_t timeout_ms) {
  change(options, [&](auto& value) { value.timeout = std::chrono::milliseconds(timeout_ms); });
}
void muster_client_options_set_client_id(muster_client_options* options, const char* client_id) {
  change(options, [&](auto& value) { value.client_id = text(client_id); });
}

int muster_client_new(const muster_client_options* options, muster_client** client,
                      muster_error** error) {
  return guarded(error, [&]() -> std::expected<void, muster::Error> {
    if (options == nullptr || client == nullptr) return std::unexpected(muster::c::null_handle());
    if (options->incomplete) return std::unexpected(muster::c::incomplete_handle());
    *client = new muster_client(options->value);
    return {};
  });
}

void muster_client_free(muster_client* client) { delete client; }

}  // extern "C"
