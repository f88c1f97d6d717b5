"""The servers, for callers that wait: what carries out a `Journey` on redis-py's connections, which threads share."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sojourn.core.errors import ConfigurationError, SojournError, StoreUnavailable
from sojourn.stores.redis.address import Address, Node
from sojourn.stores.redis.asking import Call, Operation, Pause
from sojourn.stores.redis.connecting import MISSING, arguments_for, check_certificates
from sojourn.stores.redis.dispatch import Answer, Command, Dispatch, Exchange, Look
from sojourn.stores.redis.journey import Journey
from sojourn.stores.redis.masters import Search
from sojourn.stores.redis.replies import Lost, Refused, lost, refused
from sojourn.stores.redis.scripts import Script, script
from sojourn.stores.redis.waiting import Pool, Until

try:
    from redis import BlockingConnectionPool, Connection
    from redis.exceptions import RedisError, ResponseError
except ImportError:
    raise ConfigurationError(MISSING) from None

T = TypeVar("T")


class Servers:
    """One server, Sentinel's or a Cluster, for callers that wait. Threads share it; a forked child connects anew.

    Nothing is connected before it is needed. Each call is one EVALSHA and no other command; `confirmed` ones, where the
    address names replicas, are followed by one WAIT. `clock` (seconds that never go back) and `sleep` are for tests.
    """

    def __init__(
        self,
        address: Address,
        *,
        scripts: Callable[[str], Script] = script,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        check_certificates(address)
        self.address = address
        self._dispatch = Dispatch(address, scripts, clock, random.random)
        self._sleep = sleep
        self._until = Until(threading.Semaphore(address.connections))
        self._pools: dict[Node, BlockingConnectionPool] = {}
        self._looking = threading.Lock()

    def ask(self, calls: Sequence[Call]) -> list[Any]:
        """Carry out calls, and return their replies in the same order: bytes, numbers, None, and lists of these.

        Those of one node travel together, each is atomic by itself, and none may depend on another. A `confirmed` one
        may be answered by `Unconfirmed`. Raises StoreUnavailable within the address's deadline (some of the calls may
        have been carried out, and may be sent again); RecordFormatError; ConfigurationError.
        """
        began = self._dispatch.clock()
        if len(calls) == 1 and not calls[0].confirmed:
            (call,) = calls
            node = self._dispatch.chart.home(call.route)
            if node is not None:
                answer = self._exchange(Exchange(node, [self._dispatch.command(call)]), self.address.deadline)
                # Anything else but a plain answer is rare, and then it may as well be sent again.
                if not isinstance(answer, Lost) and not isinstance(answer[0], Refused):
                    return answer
                if isinstance(answer, Lost) and self._dispatch.clock() - began >= self.address.deadline:
                    raise StoreUnavailable(str(answer))
        return self._carry_out(Journey(self._dispatch, calls, began))

    def run(self, operation: Operation[T]) -> T:
        """Carry out an operation to its result. Raises what `ask` raises, and what the operation does."""
        try:
            step = next(operation)
            while True:
                if isinstance(step, Pause):
                    self._sleep(step.seconds)
                    step = operation.send([])
                else:
                    step = operation.send(self.ask(step))
        except StopIteration as done:
            result: T = done.value
            return result
        finally:
            operation.close()

    def masters(self) -> list[Node]:
        """The nodes that have routes, looked for now. Raises StoreUnavailable, ConfigurationError."""
        if not self._dispatch.chart.fixed:
            for nobody in self._look(Look((), self._dispatch.chart.version), self.address.deadline):
                raise StoreUnavailable(str(nobody))
        return self._dispatch.chart.masters()

    def command(self, node: Node, *command: str | int) -> Any:
        """One command to one node, for whoever examines the servers: its answer, an error as `Refused`.

        Raises StoreUnavailable, ConfigurationError.
        """
        answer = self._exchange(Exchange(node, [command]), self.address.deadline)
        if isinstance(answer, Lost):
            raise StoreUnavailable(str(answer))
        return answer[0]

    def close(self) -> None:
        """Close all connections. Whoever asks afterwards opens new ones."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.disconnect()

    def _carry_out(self, journey: Journey) -> list[Any]:
        steps = journey.steps()
        try:
            step = next(steps)
            while True:
                if isinstance(step, Pause):
                    self._sleep(step.seconds)
                    step = steps.send([])
                elif isinstance(step, Look):
                    step = steps.send(self._look(step, journey.left()))
                else:
                    step = steps.send(self._exchanges(step, journey))
        except StopIteration as done:
            replies: list[Any] = done.value
            return replies

    def _exchanges(self, step: list[Exchange], journey: Journey) -> list[Answer]:
        """One after the other; a node that did not answer is not asked twice."""
        answers: list[Answer] = []
        silent: dict[Node, Lost] = {}
        for exchange in step:
            answer = silent.get(exchange.node) or self._exchange(exchange, journey.left())
            if isinstance(answer, Lost):
                silent[exchange.node] = answer
            answers.append(answer)
        return answers

    def _exchange(self, exchange: Exchange, left: float) -> Answer:
        """Send commands and read their answers, within the time of one answer and the seconds that are left."""
        pool = self._pool(exchange.node)
        self._until.moment = time.monotonic() + min(left, self.address.timeout + exchange.patience)
        try:
            connection = pool.get_connection()
            try:
                return _answered(connection, exchange.commands)
            except BaseException:
                connection.disconnect()
                raise
            finally:
                pool.release(connection)
        except (RedisError, OSError) as error:
            return lost(error, exchange.node)

    def _pool(self, node: Node) -> BlockingConnectionPool:
        pool = self._pools.get(node)
        if pool is None:
            made = Pool(
                self._until,
                local=not node.port,
                secured=self.address.tls is not None,
                max_connections=self.address.connections,
                **arguments_for(node, self.address),
            )
            pool = self._pools.setdefault(node, made)
        return pool

    def _look(self, look: Look, left: float) -> list[Answer]:
        """Ask the Sentinels or the Cluster who the masters are. Returns that nobody could tell, or nothing."""
        chart, ends = self._dispatch.chart, time.monotonic() + left
        # Whoever holds it for too long does not keep others from looking; nor does a fork at that moment.
        held = self._looking.acquire(timeout=max(0.0, min(left, self.address.timeout)))
        try:
            if chart.version != look.seen:
                return []
            search = Search(self._dispatch, look)
            for guide in search.guides:
                answer: Answer | SojournError
                try:
                    answer = self._exchange(Exchange(guide, [search.question]), ends - time.monotonic())
                except SojournError as error:
                    answer = error
                if search.hear(guide, answer):
                    break
            homes = search.homes()
            if isinstance(homes, Lost):
                return [homes]
            chart.learn(homes)
            return []
        finally:
            if held:
                self._looking.release()


def _answered(connection: Connection, commands: list[Command]) -> list[Any]:
    """Send commands in one write, and read as many answers."""
    connection.send_packed_command(connection.pack_commands(commands))
    answers: list[Any] = []
    for _ in commands:
        try:
            answers.append(connection.read_response(disable_decoding=True))
        except ResponseError as error:
            answers.append(refused(error))
    return answers
