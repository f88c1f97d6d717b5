"""The servers, for callers that await: what carries out a `Journey` on redis-py's asynchronous connections.

Single calls that arrive in the same turn of the event loop travel together, one write for each node: that costs a
fraction of sending each by itself.
"""

import asyncio
import math
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from sojourn.core.errors import ConfigurationError, SojournError, StoreUnavailable
from sojourn.stores.redis.address import Address, Node
from sojourn.stores.redis.asking import Call, Operation, Pause
from sojourn.stores.redis.connecting import MISSING, arguments_for, check_certificates
from sojourn.stores.redis.dispatch import CHUNK, Answer, Command, Dispatch, Exchange, Look
from sojourn.stores.redis.journey import Journey
from sojourn.stores.redis.masters import Search
from sojourn.stores.redis.replies import Lost, lost, refused
from sojourn.stores.redis.scripts import Script, script

try:
    from redis import Connection as Waiting
    from redis.asyncio import BlockingConnectionPool, Connection, SSLConnection, UnixDomainSocketConnection
    from redis.exceptions import RedisError, ResponseError
except ImportError:
    raise ConfigurationError(MISSING) from None

T = TypeVar("T")


class AsyncServers:
    """One server, Sentinel's or a Cluster, for callers that await; the twin of `sojourn.stores.redis.servers.Servers`.

    Each event loop has its own connections, which are closed at `close()`, or when `asyncio.run` ends the loop. `clock`
    and `sleep` are for tests.
    """

    def __init__(
        self,
        address: Address,
        *,
        scripts: Callable[[str], Script] = script,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        check_certificates(address)
        self.address = address
        self._dispatch = Dispatch(address, scripts, clock, random.random)
        self._sleep = sleep
        self._stations: dict[asyncio.AbstractEventLoop, _Station] = {}

    async def ask(self, calls: Sequence[Call]) -> list[Any]:
        """Carry out calls, and return their replies in the same order: bytes, numbers, None, and lists of these.

        Those of one node travel together, each is atomic by itself, and none may depend on another. A `confirmed` one
        may be answered by `Unconfirmed`. Whoever is cancelled does not know what was carried out. Raises
        StoreUnavailable within the address's deadline (some of the calls may have been carried out, and may be sent
        again); RecordFormatError; ConfigurationError.
        """
        began = self._dispatch.clock()
        station = self._stations.get(asyncio.get_running_loop()) or await self._station()
        if len(calls) == 1 and not calls[0].confirmed:
            (call,) = calls
            node = self._dispatch.chart.home(call.route)
            if node is not None:
                reply = await station.together(node).put(self._dispatch.command(call))
                # Anything else but a plain answer is rare, and then it may as well be sent again.
                if not isinstance(reply, Exception):
                    return [reply]
                if isinstance(reply, Lost) and self._dispatch.clock() - began >= self.address.deadline:
                    raise StoreUnavailable(str(reply))
        journey = Journey(self._dispatch, calls, began)
        try:
            async with asyncio.timeout(max(0.0, journey.left())):
                return await self._carry_out(journey, station)
        except TimeoutError:
            raise StoreUnavailable(f"{self.address} did not answer within {self.address.deadline:g} s.") from None

    async def run(self, operation: Operation[T]) -> T:
        """Carry out an operation to its result. Raises what `ask` raises, and what the operation does."""
        try:
            step = next(operation)
            while True:
                if isinstance(step, Pause):
                    await self._sleep(step.seconds)
                    step = operation.send([])
                else:
                    step = operation.send(await self.ask(step))
        except StopIteration as done:
            result: T = done.value
            return result
        finally:
            operation.close()

    async def close(self) -> None:
        """Close the connections of this event loop. Whoever asks afterwards opens new ones.

        Calls that are under way end, most of them with StoreUnavailable.
        """
        station = self._stations.get(asyncio.get_running_loop())
        if station is not None:
            await station.close()

    async def _station(self) -> "_Station":
        """The connections of this event loop, which has none yet."""
        for ended in [loop for loop in list(self._stations) if loop.is_closed()]:
            self._stations.pop(ended, None)
        loop = asyncio.get_running_loop()
        station = _Station(self.address, self._dispatch, at_the_end=lambda: self._stations.pop(loop, None))
        self._stations[loop] = station
        await station.open()
        return station

    async def _carry_out(self, journey: Journey, station: "_Station") -> list[Any]:
        steps = journey.steps()
        try:
            step = next(steps)
            while True:
                if isinstance(step, Pause):
                    await self._sleep(step.seconds)
                    step = steps.send([])
                elif isinstance(step, Look):
                    step = steps.send(await station.look(step))
                else:
                    step = steps.send(await asyncio.gather(*map(station.exchange, step)))
        except StopIteration as done:
            replies: list[Any] = done.value
            return replies


class _Station:
    """The connections of one event loop."""

    def __init__(self, address: Address, dispatch: Dispatch, at_the_end: Callable[[], object]) -> None:
        self._address = address
        self._dispatch = dispatch
        self._pools: dict[Node, BlockingConnectionPool] = {}
        self._together: dict[Node, _Together] = {}
        self._looking = asyncio.Lock()
        self._closed = asyncio.Event()
        # Packs the same bytes by hiredis; packing is half of what a call costs by redis-py's asynchronous one.
        self._packed: Callable[[list[Command]], list[bytes]] = Waiting().pack_commands
        self._at_the_end = at_the_end
        self._end = self._until_the_loop_ends()

    async def open(self) -> None:
        await anext(self._end)

    async def _until_the_loop_ends(self) -> AsyncGenerator[None, None]:
        """A generator that waits is closed before its loop is: `asyncio.run` and its like see to that."""
        try:
            yield
        finally:
            self._at_the_end()
            self._closed.set()
            for pool in self._pools.values():
                await pool.disconnect()

    async def close(self) -> None:
        await self._end.aclose()

    def together(self, node: Node) -> "_Together":
        """Where single calls to a node meet."""
        found = self._together.get(node)
        if found is None:
            found = self._together[node] = _Together(self, node, self._address)
        return found

    async def exchange(self, exchange: Exchange) -> Answer:
        if exchange.alone:
            return await self.alone(exchange.node, exchange.commands, exchange.patience)
        together = self.together(exchange.node)
        replies: list[Any] = await asyncio.gather(*map(together.put, exchange.commands))
        for reply in replies:
            if isinstance(reply, SojournError):
                raise type(reply)(str(reply))
        return next((reply for reply in replies if isinstance(reply, Lost)), replies)

    async def alone(self, node: Node, commands: list[Command], patience: float = 0.0, left: float = math.inf) -> Answer:
        """Send commands in one write on one connection, and read as many answers; `left`: seconds at most for all."""
        if self._closed.is_set():
            raise StoreUnavailable(f"The connections to {node} were closed.")
        seconds = max(0.0, min(left, self._address.timeout + patience))
        pool = self._pool(node)
        try:
            async with asyncio.timeout(seconds):
                connection = await pool.get_connection()
                try:
                    await connection.send_packed_command(self._packed(commands))
                    return await _answers(connection, len(commands))
                except BaseException:
                    # What was not read must not be taken for the answer to somebody else.
                    await connection.disconnect(nowait=True)
                    raise
                finally:
                    if self._closed.is_set():  # after this one was asked for: nobody else would close it
                        await connection.disconnect(nowait=True)
                    await pool.release(connection)
        except TimeoutError:
            return Lost(f"{node} does not answer: Timeout of {seconds:g} s.")
        except (RedisError, OSError) as error:
            return lost(error, node)

    def _pool(self, node: Node) -> BlockingConnectionPool:
        pool = self._pools.get(node)
        if pool is None:
            address = self._address
            kind = UnixDomainSocketConnection if not node.port else SSLConnection if address.tls else Connection
            pool = self._pools[node] = BlockingConnectionPool(
                max_connections=address.connections,
                timeout=None,  # and no timeout for each answer: there is one around all of them
                connection_class=kind,
                **{**arguments_for(node, address), "socket_timeout": None},
            )
        return pool

    async def look(self, look: Look) -> list[Answer]:
        """Ask the Sentinels or the Cluster who the masters are. Returns that nobody could tell, or nothing."""
        chart = self._dispatch.chart
        async with self._looking:
            if chart.version != look.seen:
                return []
            search = Search(self._dispatch, look)
            for guide in search.guides:
                answer: Answer | SojournError
                try:
                    answer = await self.alone(guide, [search.question])
                except SojournError as error:
                    answer = error
                if search.hear(guide, answer):
                    break
            homes = search.homes()
            if isinstance(homes, Lost):
                return [homes]
            chart.learn(homes)
            return []


class _Caller(NamedTuple):
    """Somebody who waits for the reply to a command, up to a moment of the event loop's time."""

    command: Command
    future: asyncio.Future[Any]
    ends: float


class _Together:
    """Single calls to one node: those of one turn of the event loop travel in one write.

    While as many writes are under way as there are connections, the others wait, and then travel together. Nobody waits
    beyond their deadline; a timer costs more than a call, so there is one only while others are before them.
    """

    def __init__(self, station: _Station, node: Node, address: Address) -> None:
        self._station = station
        self._node = node
        self._address = address
        self._loop = asyncio.get_running_loop()
        self._waiting: list[_Caller] = []
        self._under_way: set[asyncio.Task[None]] = set()
        self._alarm: asyncio.TimerHandle | None = None

    def put(self, command: Command) -> asyncio.Future[Any]:
        """What will be the reply: also as an error that is the result, not raised (Refused, Lost, SojournError)."""
        future = self._loop.create_future()
        if not self._waiting:
            self._loop.call_soon(self._leave)
        self._waiting.append(_Caller(command, future, self._loop.time() + self._address.deadline))
        return future

    def _leave(self) -> None:
        while self._waiting and len(self._under_way) < self._address.connections:
            group, self._waiting = self._waiting[:CHUNK], self._waiting[CHUNK:]
            task = self._loop.create_task(self._travel(group))
            self._under_way.add(task)
            task.add_done_callback(self._arrived)
        if self._waiting and self._alarm is None:
            self._alarm = self._loop.call_at(self._waiting[0].ends, self._give_up)

    def _give_up(self) -> None:
        """Tell those who have waited for their turn until their deadline, and look again when the next ones have."""
        self._alarm, now = None, self._loop.time()
        for _, future, ends in self._waiting:
            if ends <= now and not future.done():
                future.set_result(Lost(f"{self._node} does not answer: too many wait for it."))
        self._waiting = [caller for caller in self._waiting if not caller.future.done()]
        self._leave()

    def _arrived(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._leave()

    async def _travel(self, group: list["_Caller"]) -> None:
        left = group[0].ends - self._loop.time()
        try:
            answer: Any = await self._station.alone(self._node, [command for command, _, _ in group], left=left)
        except SojournError as error:
            answer = error
        except Exception as error:  # noqa: BLE001  # whatever it is, nobody who travels along may wait for ever
            answer = StoreUnavailable(f"Calls to {self._node} failed: {type(error).__name__}.")
        for place, (_, future, _) in enumerate(group):
            if not future.done():  # whoever waited for it may have been cancelled
                future.set_result(answer[place] if isinstance(answer, list) else answer)


async def _answers(connection: Connection, count: int) -> list[Any]:
    answers: list[Any] = []
    for _ in range(count):
        try:
            answers.append(await connection.read_response(disable_decoding=True))
        except ResponseError as error:
            answers.append(refused(error))
    return answers
