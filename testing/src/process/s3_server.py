"""moto's S3 on the port that is the first argument, with what S3 promises and moto's threads do not keep: whoever writes a name that must not be there
yet is alone between looking and writing."""

import os
import sys
import threading

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

port = sys.argv[1]
os.environ.setdefault("MOTO_PORT", port)
moto = DomainDispatcherApplication(create_backend_app)
one_at_a_time = threading.Lock()


def serve(request, start_response):
    if "HTTP_IF_NONE_MATCH" not in request:
        return moto(request, start_response)
    with one_at_a_time:
        return list(moto(request, start_response))


run_simple("127.0.0.1", int(port), serve, threaded=True)
